package main

import (
	"context"
	"encoding/xml"
	"sync"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
)

var (
	juliet   = jid.MustParse("juliet@capulet.lit/balcony")
	nurse    = jid.MustParse("nurse@capulet.lit")
	romeo    = jid.MustParse("romeo@montague.lit/orchard")
	benvolio = jid.MustParse("benvolio@montague.lit/street")
	mercutio = jid.MustParse("mercutio@montague.lit/street")
	friar    = jid.MustParse("laurence@montague.lit/cell")
)

// demo is a server with contacts who come, go and answer.
type demo struct {
	*server.Server
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func newDemo() *demo {
	ctx, stop := context.WithCancel(context.Background())
	d := &demo{stop: stop, Server: server.New(server.Config{
		Domains:    []string{"capulet.lit", "montague.lit"},
		Behaviour:  server.XEP0318,
		Behaviours: map[string]server.Behaviour{"capulet.lit": server.Ejabberd},
	})}
	d.AddAccount(juliet, "")
	now := time.Now()
	for _, c := range []struct {
		jid  jid.JID
		name string
		left time.Duration
		says string
	}{
		{romeo, "Romeo", 10 * time.Minute, "Going offline. Out of battery."},
		{nurse, "Nurse", 160 * time.Minute, "Your lady mother calls!"},
		{benvolio, "Benvolio", 0, ""},
		{mercutio, "Mercutio", 0, ""},
		{friar, "Friar Laurence", 26 * time.Hour, "Wisely and slow."},
	} {
		d.AddAccount(c.jid, "")
		d.Befriend(juliet, c.jid.Bare(), c.name)
		if c.left > 0 {
			d.SetOffline(c.jid, now.Add(-c.left), c.says)
		}
	}
	d.wg.Go(func() { d.play(ctx, benvolio, "Part, fools!", 0) })
	d.wg.Go(func() { d.play(ctx, mercutio, "Tut, dun's the mouse.", 8*time.Second) })
	return d
}

func (d *demo) login(ctx context.Context) (session, error) {
	return d.Session(ctx, juliet)
}

func (d *demo) close() {
	d.stop()
	_ = d.Close()
	d.wg.Wait()
}

// play makes a contact be online with a status, and answer messages. Unless
// turns is 0, the contact goes and comes back after that time.
func (d *demo) play(ctx context.Context, who jid.JID, status string, turns time.Duration) {
	for ctx.Err() == nil {
		s, err := d.Session(ctx, who)
		if err != nil {
			return
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = s.Serve(echo(ctx, s))
		}()
		_ = s.Send(ctx, stanza.Presence{}.Wrap(statusElement(status)))
		wait(ctx, turns)
		if ctx.Err() == nil {
			_ = s.Send(ctx, stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(statusElement("A plague o' both your houses!")))
		}
		_ = s.Conn().Close()
		<-served
		wait(ctx, turns)
	}
}

// wait waits for d, or until ctx ends if d is 0.
func wait(ctx context.Context, d time.Duration) {
	var after <-chan time.Time
	if d > 0 {
		after = time.After(d)
	}
	select {
	case <-ctx.Done():
	case <-after:
	}
}

func statusElement(s string) xml.TokenReader {
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(s)), xml.StartElement{Name: xml.Name{Local: "status"}})
}

// echo answers messages a moment later.
func echo(ctx context.Context, s session) xmpp.Handler {
	return messages(func(e event) {
		m, ok := e.(message)
		if !ok {
			return
		}
		go func() {
			wait(ctx, time.Second)
			if ctx.Err() == nil {
				text := xmlstream.Wrap(xmlstream.Token(xml.CharData("\u201c"+m.body+"\u201d, you say?")), xml.StartElement{Name: xml.Name{Local: "body"}})
				_ = s.Send(ctx, stanza.Message{To: m.from, Type: stanza.ChatMessage}.Wrap(text))
			}
		}()
	})
}
