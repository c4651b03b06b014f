package main

import (
	"strings"
	"testing"
)

func TestTheExchangeIsShown(t *testing.T) {
	var out, errOut strings.Builder
	if err := run(t.Context(), nil, &out, &errOut); err != nil {
		t.Fatal(err, errOut.String())
	}
	for _, want := range []string{
		"<- <presence from='bot.capulet.lit' to='juliet@capulet.lit/balcony' id='p1'><delay xmlns='urn:xmpp:delay' from='bot.capulet.lit' stamp='",
		"seconds='54",
		"urn:xmpp:server-presence",
		"type='subscribed'",
		"type='unavailable'",
		"Shutting down.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
}

func TestBadInputIsOneClearLine(t *testing.T) {
	for name, args := range map[string][]string{
		"not an address": {"-jid", "@"},
		"no server":      {"-jid", "bot.capulet.lit", "-addr", "127.0.0.1:1", "-secret", "swordfish"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut strings.Builder
			err := run(t.Context(), args, &out, &errOut)
			if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "swordfish") || out.Len() > 0 {
				t.Errorf("%v, %s", err, out.String())
			}
		})
	}
}
