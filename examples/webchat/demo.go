package main

import (
	"context"
	"encoding/xml"
	"sync"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/internal/testbed/server"
)

// Who logs in to the embedded server. Romeo may, too, in another browser.
const (
	demoUser     = "juliet@capulet.lit"
	demoPassword = "wherefore"
)

// demo is an XMPP server with contacts who come, go and answer.
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
	juliet := jid.MustParse(demoUser)
	d.AddAccount(juliet, demoPassword)
	now := time.Now()
	for _, c := range []struct {
		address, name string
		left          time.Duration
		says          string
	}{
		{"romeo@montague.lit/orchard", "Romeo", 10 * time.Minute, "Going offline. Out of battery."},
		{"nurse@capulet.lit/kitchen", "Nurse", 160 * time.Minute, "Your lady mother calls!"},
		{"benvolio@montague.lit/street", "Benvolio", 0, "Part, fools!"},
		{"mercutio@montague.lit/street", "Mercutio", 0, "Tut, dun's the mouse."},
		{"laurence@montague.lit/cell", "Friar Laurence", 26 * time.Hour, "Wisely and slow."},
	} {
		who := jid.MustParse(c.address)
		d.AddAccount(who, demoPassword)
		d.Befriend(juliet, who.Bare(), c.name)
		d.Befriend(who, juliet, "Juliet")
		if c.left > 0 {
			d.SetOffline(who, now.Add(-c.left), c.says)
			continue
		}
		turns := time.Duration(0)
		if c.name == "Mercutio" {
			turns = 8 * time.Second
		}
		d.wg.Go(func() { d.play(ctx, who, c.says, turns) })
	}
	return d
}

func (d *demo) close() {
	d.stop()
	_ = d.Close()
	d.wg.Wait()
}

// connect logs a user in.
func (d *demo) connect(ctx context.Context, who jid.JID, password string) (session, error) {
	if password != demoPassword {
		return nil, account.ErrPassword
	}
	s, err := d.Session(ctx, who.Bare())
	if err != nil && ctx.Err() == nil {
		return nil, account.ErrPassword // there is no such account
	}
	return s, err
}

// play has a contact be online, saying that, and answer; and, unless turns is
// 0, go and come again after that time.
func (d *demo) play(ctx context.Context, who jid.JID, status string, turns time.Duration) {
	for ctx.Err() == nil {
		s, err := d.Session(ctx, who)
		if err != nil {
			return
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = s.Serve(messages(func(m heard) {
				if m.body != "" {
					d.wg.Go(func() { answer(ctx, s, m) })
				}
			}))
		}()
		_ = s.Send(ctx, stanza.Presence{}.Wrap(element("status", status)))
		pause(ctx, turns)
		if ctx.Err() == nil {
			_ = s.Send(ctx, stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(element("status", "A plague o' both your houses!")))
		}
		_ = s.Conn().Close()
		<-served
		pause(ctx, turns)
	}
}

// answer says something, a moment later.
func answer(ctx context.Context, s session, m heard) {
	pause(ctx, time.Second)
	if ctx.Err() == nil {
		_ = s.Send(ctx, stanza.Message{To: m.from, Type: stanza.ChatMessage}.Wrap(element("body", "\u201c"+m.body+"\u201d, you say?")))
	}
}

// pause waits for a time, or for the end if it is 0.
func pause(ctx context.Context, d time.Duration) {
	var after <-chan time.Time
	if d > 0 {
		after = time.After(d)
	}
	select {
	case <-ctx.Done():
	case <-after:
	}
}

// element is one with a text.
func element(name, text string) xml.TokenReader {
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(text)), xml.StartElement{Name: xml.Name{Local: name}})
}
