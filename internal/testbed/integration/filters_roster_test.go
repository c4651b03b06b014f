package integration_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/roster"
)

// household is Juliet's cache in place of her listener.
type household struct {
	audience
	cache   *roster.Cache
	session *xmpp.Session
	watch   func(what string, ok func(roster.Contact) bool)
	ctx     context.Context
}

func keepHouse(t *testing.T, w *integration.Server) household {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	h := household{ctx: ctx}
	h.witness = listen(t, w.Connect, jid.MustParse("juliet@capulet.lit/window"))
	h.witness.send("<presence><priority>-1</priority></presence>")
	h.witness.fence()
	session, err := w.Connect(ctx, balcony)
	if err != nil {
		t.Fatal(err)
	}
	h.session, h.cache = session, roster.New(session)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(h.cache.Handler(nil))
	}()
	t.Cleanup(func() {
		_ = h.cache.Close()
		_ = session.Close()
		_ = session.Conn().Close()
		<-served
	})
	news := h.cache.Watch(ctx)
	h.watch = func(what string, ok func(roster.Contact) bool) {
		t.Helper()
		if contact, _ := h.cache.Contact(orchard); ok(contact) {
			return
		}
		for contact := range news {
			if contact.JID.Equal(orchard.Bare()) && ok(contact) {
				return
			}
		}
		t.Fatalf("never heard that Romeo is %s", what)
	}
	if err := h.cache.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	h.romeo = listen(t, w.Connect, orchard)
	h.says("one")
	h.watch("online", func(c roster.Contact) bool { return c.Online && c.Status == "one" })
	return h
}

// says changes Romeo's presence. Prosody stamps what it holds in whole seconds,
// so there is one between any two presences.
func (h household) says(id string) {
	h.romeo.t.Helper()
	time.Sleep(1100 * time.Millisecond)
	h.romeo.send("<presence id='" + id + "'><status>" + id + "</status></presence>")
	h.witness.await("presence available from romeo@montague.lit/orchard id " + id)
}

// rest tells that nobody looks, and waits until the server has heard it.
func (h household) rest() {
	h.romeo.t.Helper()
	if err := h.cache.Inactive(h.ctx); err != nil {
		h.romeo.t.Fatal(err)
	}
	if err := h.session.Send(h.ctx, stanza.Message{To: orchard, Type: stanza.ChatMessage}.Wrap(nil)); err != nil {
		h.romeo.t.Fatal(err)
	}
	h.romeo.await("message chat from " + balcony.String())
}

func (h household) wake() roster.Contact {
	h.romeo.t.Helper()
	if err := h.cache.Active(h.ctx); err != nil {
		h.romeo.t.Fatal(err)
	}
	contact, _ := h.cache.Contact(orchard)
	return contact
}

// TestRosterWhileInactive has a server hold presence back, and looks at what
// is known as soon as it has sent that.
func TestRosterWhileInactive(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *integration.Server{
		"Prosody": prosody(integration.Stock), "ejabberd": integration.StartEjabberd,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := keepHouse(t, start(t))
			h.rest()
			h.says("two")
			if contact, _ := h.cache.Contact(orchard); contact.Status != "one" {
				t.Errorf("while inactive Romeo's status became %q", contact.Status)
			}
			if contact := h.wake(); !contact.Online || contact.Status != "two" || contact.Lack != roster.Nothing {
				t.Errorf("then: %+v", contact)
			}

			h.rest()
			time.Sleep(1100 * time.Millisecond)
			before := time.Now().Truncate(time.Second)
			h.romeo.send("<presence type='unavailable'><status>gone</status></presence>")
			h.witness.await("presence unavailable from romeo@montague.lit/orchard")
			contact := h.wake()
			// It is known by when Romeo was gone, and not exactly when.
			if contact.Online || contact.Status != "gone" || contact.Lack != roster.NoDetails ||
				contact.LastSeen.Before(before) || contact.LastSeen.After(time.Now()) {
				t.Errorf("after a goodbye from after %s: %+v", before, contact)
			}

			h.says("three")
			h.watch("back", func(c roster.Contact) bool { return c.Status == "three" })
			h.rest()
			answer, err := h.cache.Client().Probe(h.ctx, orchard)
			if err != nil {
				t.Errorf("a probe while inactive: %v", err)
			}
			contact, _ = h.cache.Contact(orchard)
			t.Logf("a probe while inactive about one who is online: %v after %v, %d presences; known then: online %v, lacking %v",
				answer.Outcome, answer.RoundTrip.Round(time.Millisecond), len(answer.Presences), contact.Online, contact.Lack)
			if contact := h.wake(); !contact.Online || contact.Status != "three" {
				t.Errorf("after a probe while inactive, and active again: %+v", contact)
			}
		})
	}
}

func TestRosterWhileSifted(t *testing.T) {
	t.Parallel()
	h := keepHouse(t, integration.StartProsody(t, integration.Sift))
	if err := h.cache.Sift(h.ctx); err != nil {
		t.Fatal(err)
	}
	h.says("two")
	if _, err := h.cache.Client().Uptime(h.ctx, balcony.Domain()); err != nil { // as a fence
		t.Fatal(err)
	}
	if contact, _ := h.cache.Contact(orchard); contact.Status != "one" {
		t.Errorf("while hushed Romeo's status became %q", contact.Status)
	}
	answer, err := h.cache.Client().Probe(h.ctx, orchard)
	if err != nil || len(answer.Presences) != 1 {
		t.Errorf("a probe while hushed: %+v, %v", answer, err)
	}
	if contact, _ := h.cache.Contact(orchard); contact.Status != "two" {
		t.Errorf("the answer to a probe made Romeo's status %q", contact.Status)
	}
	h.says("three")
	if err := h.cache.Unsift(h.ctx); err != nil {
		t.Fatal(err)
	}
	if contact, _ := h.cache.Contact(orchard); contact.Status != "three" || contact.Lack != roster.Nothing {
		t.Errorf("after Unsift: %+v", contact)
	}
}

func TestRosterOnServersWithoutSift(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *integration.Server{
		"Prosody": prosody(integration.Stock), "ejabberd": integration.StartEjabberd,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := keepHouse(t, start(t))
			if err := h.cache.Sift(h.ctx); !errors.Is(err, roster.ErrNotOffered) {
				t.Errorf("Hush = %v, want ErrNotOffered", err)
			}
			h.says("two")
			h.watch("still heard", func(c roster.Contact) bool { return c.Status == "two" })
		})
	}
}
