package world

import (
	"context"
	"sync/atomic"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"mellium.im/xmlstream"

	"encoding/xml"

	"example.org/lastpresence/internal/wire/csi"
	"example.org/lastpresence/roster"
)

// client is our client's program: processes, one after the other.
type client struct {
	w       *world
	lib     *library
	disk    *disk // nil: the client stores nothing
	gate    *gate
	memory  *memory
	session *xmpp.Session // nil: none
	line    *session      // the same, as the server sees it
	served  *atomic.Bool  // Serve has returned
	begun   *atomic.Bool  // the initial presence was sent
	ctx     context.Context
	stop    context.CancelFunc
	began   time.Time // when the session began
	away    bool      // own presence is unavailable
	resting bool      // Inactive was called
	turning *session  // in which Inactive or Active has not returned
	asking  int       // openings under way
}

// start begins a process.
func (c *client) start() {
	var store roster.Store
	if c.disk != nil {
		c.gate = &gate{disk: c.disk}
		store = c.gate
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.lib = newLibrary(c.ctx, jid.MustParse(c.w.account).Bare(), store)
}

const hello = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
	"id='s' from='%host' to='%me' version='1.0'><stream:features><csi xmlns='urn:xmpp:csi:0'/></stream:features>"

// login begins a session.
func (c *client) login(presenceFirst bool) bool {
	w := c.w
	if c.session != nil || !w.ours.up {
		return false
	}
	line := &session{conn: newConn(w.inbox)}
	line.conn.deliver(replace(hello, "%host", w.ourHost, "%me", w.account))
	account := jid.MustParse(w.account)
	s, err := xmpp.NewSession(c.ctx, account.Domain(), account, line.conn, xmpp.Secure|xmpp.Authn,
		xmpp.NewNegotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: []xmpp.StreamFeature{clientStates}}
		}))
	if err != nil {
		w.t.Fatalf("the session: %v", err)
	}
	w.ours.session = line
	c.memory.unsubbed, c.memory.blocked = false, false // so far
	c.session, c.line, c.served, c.begun = s, line, new(atomic.Bool), new(atomic.Bool)
	c.began, c.away, c.resting = w.now(), false, false
	c.memory.began = c.began
	if err := c.lib.Connect(s); err != nil {
		w.t.Fatalf("Connect: %v", err)
	}
	served, begun, ctx, lib, self := c.served, c.begun, c.ctx, c.lib, w.story.ServesItself
	go func() {
		lib.serve(s, self)
		_ = line.conn.Close()
		served.Store(true)
	}()
	go func() {
		if presenceFirst {
			_ = s.Send(ctx, stanza.Presence{}.Wrap(nil))
		}
		_ = lib.Sync(ctx)
		_ = s.Send(ctx, blocklist())
		if !presenceFirst {
			_ = s.Send(ctx, stanza.Presence{}.Wrap(nil))
		}
		begun.Store(true)
	}()
	return true
}

// clientStates is a stream feature that is there, and needs no negotiation.
var clientStates = xmpp.StreamFeature{
	Name: xml.Name{Space: csi.NS, Local: "csi"},
	Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
		return false, nil, d.Skip()
	},
}

func blocklist() xml.TokenReader {
	return stanza.IQ{ID: "blocklist", Type: stanza.GetIQ}.Wrap(
		xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: "urn:xmpp:blocking", Local: "blocklist"}}))
}

// logout ends the session in good order.
func (c *client) logout() bool {
	if c.session == nil {
		return false
	}
	s := c.session
	go func() { _ = s.Close() }()
	return true
}

// cut breaks the connection.
func (c *client) cut() bool {
	if c.session == nil {
		return false
	}
	c.w.ours.end(c.line)
	return true
}

// exit ends the process. A killed one stores nothing more.
func (c *client) exit(kill bool) {
	w := c.w
	if kill && c.gate != nil {
		c.gate.dead.Store(true)
	}
	if c.session != nil {
		w.ours.end(c.line)
	}
	c.stop()
	lib := c.lib
	lib.end()
	c.session, c.line = nil, nil
	if kill && c.disk != nil {
		c.memory.cut(c.disk.at)
	}
	if c.disk == nil {
		c.memory = newMemory()
	}
}

// over reports whether there is no session, as far as the client can see.
func (c *client) over() bool { return c.session == nil || c.served.Load() }

// open opens the chat, or asks whatever is known.
func (c *client) open(again bool) bool {
	w, lib, ctx, called := c.w, c.lib, c.ctx, c.w.now()
	c.asking++
	line := c.line
	go func() {
		ask := lib.Open
		if again {
			ask = lib.Refresh
		}
		contact, err := ask(ctx, w.romeo)
		at := time.Now()
		w.done <- func() {
			c.asking--
			w.note("   Open returns %s, error %v", describe(contact), err)
			if c.lib == lib && c.line == line {
				w.opened(contact, err, called, at)
			}
		}
	}()
	return true
}

// rest tells that nobody looks, or somebody does.
func (c *client) rest(on bool) bool {
	if c.over() || c.resting == on || c.turning == c.line {
		return false // the two must not be called at once
	}
	w, lib, ctx, line := c.w, c.lib, c.ctx, c.line
	c.turning = line
	c.resting = on
	if on {
		c.w.restedAt = c.w.now()
	}
	go func() {
		if on {
			_ = lib.Inactive(ctx)
		} else {
			_ = lib.Active(ctx)
		}
		w.done <- func() {
			if c.turning == line {
				c.turning = nil
			}
		}
	}()
	return true
}

// hide makes our own presence unavailable in a session that goes on, or available
// again.
func (c *client) hide(on bool) bool {
	if c.over() || c.away == on || !c.begun.Load() {
		return false // the initial presence would still follow
	}
	c.away = on
	c.began = c.w.now()
	c.memory.began = c.began
	lib, s, ctx := c.lib, c.session, c.ctx
	lib.SetAvailable(!on)
	typ := stanza.AvailablePresence
	if on {
		typ = stanza.UnavailablePresence
	}
	go func() { _ = s.Send(ctx, stanza.Presence{Type: typ}.Wrap(nil)) }()
	return true
}
