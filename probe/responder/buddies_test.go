package responder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

const stamp = `<delay xmlns='urn:xmpp:delay' from='gate.capulet.lit' stamp='1999-12-31T23:00:00Z'/>`

func buddies(t *testing.T, r *responder.Responder) []responder.Buddy {
	t.Helper()
	got, err := r.Buddies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestASubscriberGetsThePresenceOfStartAndStop(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Since(began), responder.Requests(responder.Always(responder.Mutual)))
		l := w.login(juliet)
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		l.Ask(`<presence/>`)
		got := someID.ReplaceAllString(strings.Join(l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`), "\n"), "")
		for _, want := range []string{
			`<item jid='gate.capulet.lit' subscription='to'/>`,
			`<presence from='gate.capulet.lit' to='juliet@capulet.lit' type='subscribed'/>`,
			`<presence from='gate.capulet.lit' to='juliet@capulet.lit' type='subscribe'/>`,
			`<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony'>` + stamp + `</presence>`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is missing in\n%s", want, got)
			}
		}
		l.Ask(`<presence type='subscribed' to='gate.capulet.lit'/>`)
		want := []responder.Buddy{{JID: juliet.Bare(), To: true, From: true}}
		if got := buddies(t, r); !reflect.DeepEqual(got, want) {
			t.Errorf("Buddies = %+v, want %+v", got, want)
		}
		if err := r.Start(soon(t)); err != nil {
			t.Error(err)
		}
		says(t, l.Heard(), `<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony'>`+stamp+`</presence>`)
		if err := r.Stop(soon(t), "For repairs."); err != nil {
			t.Error(err)
		}
		says(t, l.Heard(), `<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='unavailable'><status>For repairs.</status></presence>`)
		if err := r.Befriend(t.Context(), romeo); !errors.Is(err, responder.ErrClosed) {
			t.Errorf("Befriend after Stop: %v", err)
		}
	})
}

func TestRequestsAreRefusedByDefault(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil)
		l := w.login(juliet)
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		got := strings.Join(l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`), "\n")
		if !strings.Contains(got, `type='unsubscribed'`) || strings.Contains(got, `type='subscribed'`) {
			t.Errorf("got %s", got)
		}
		if got := buddies(t, r); len(got) != 0 {
			t.Errorf("Buddies = %+v", got)
		}
	})
}

func TestARequestWaitsForApproval(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Requests(responder.Always(responder.Later)))
		l := w.login(juliet)
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		if got := strings.Join(l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`), ""); strings.Contains(got, "subscribed") {
			t.Errorf("answered before it was approved: %s", got)
		}
		if got := buddies(t, r); len(got) != 1 || !got[0].Pending || got[0].From {
			t.Errorf("Buddies = %+v", got)
		}
		if err := r.Approve(soon(t), juliet); err != nil {
			t.Error(err)
		}
		if got := strings.Join(l.Heard(), ""); !strings.Contains(got, `type='subscribed'`) {
			t.Errorf("approval was not told: %s", got)
		}
		if got := buddies(t, r); len(got) != 1 || !got[0].From || got[0].Pending || got[0].Asked || got[0].To {
			t.Errorf("after approval, Buddies = %+v", got)
		}
		if err := r.Approve(soon(t), romeo); err != nil || len(buddies(t, r)) != 1 {
			t.Errorf("approving who did not ask: %v, %+v", err, buddies(t, r))
		}
		if err := r.Unfriend(soon(t), juliet); err != nil {
			t.Error(err)
		}
		if got := strings.Join(l.Heard(), ""); !strings.Contains(got, `type='unsubscribed'`) {
			t.Errorf("the end was not told: %s", got)
		}
	})
}

func TestTwoComponentsBefriendEachOther(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		one, _ := w.serve(gate, nil)
		two, _ := w.serve(other, nil, responder.Requests(responder.Always(responder.Mutual)))
		if err := one.Befriend(soon(t), other); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for peer, r := range map[*jid.JID]*responder.Responder{&other: one, &gate: two} {
			want := []responder.Buddy{{JID: *peer, To: true, From: true}}
			if got := buddies(t, r); !reflect.DeepEqual(got, want) {
				t.Errorf("Buddies = %+v, want %+v", got, want)
			}
		}
	})
}

func TestBuddiesSurviveARestart(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		path := filepath.Join(t.TempDir(), "buddies.json")
		_, session := w.serve(gate, nil, responder.Keep(responder.File(path)), responder.Requests(responder.Always(responder.Accept)))
		l := w.login(juliet)
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		l.Ask(`<presence/>`)
		l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`)
		_ = session.Conn().Close()
		synctest.Wait()
		time.Sleep(time.Hour)

		again, _ := w.serve(gate, nil, responder.Keep(responder.File(path)))
		if err := again.Start(soon(t)); err != nil {
			t.Fatal(err)
		}
		says(t, l.Heard(), `<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony'>`+
			strings.Replace(stamp, "1999-12-31T23:00:00Z", "2000-01-01T01:00:00Z", 1)+`</presence>`)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	})
}

func TestAChangeThatIsNotStoredIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		var failed error
		r, _ := w.serve(gate, nil, responder.Keep(full{}), responder.Requests(responder.Always(responder.Accept)), responder.Failed(func(err error) { failed = err }))
		l := w.login(juliet)
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		if got := strings.Join(l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`), ""); strings.Contains(got, "subscribed") {
			t.Errorf("got %s", got)
		}
		if !errors.Is(failed, errFull) || len(buddies(t, r)) != 0 {
			t.Errorf("failed with %v, Buddies = %+v", failed, buddies(t, r))
		}
		if err := r.Befriend(soon(t), other); !errors.Is(err, errFull) {
			t.Errorf("Befriend = %v", err)
		}
	})
}

var errFull = errors.New("full")

// full is a store that takes nothing.
type full struct{}

func (full) Load(context.Context) ([]responder.Buddy, error) { return nil, nil }
func (full) Save(context.Context, []responder.Buddy) error   { return errFull }

func TestBefriendRejectsAddressesThatCannotBeBuddies(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil)
		for _, peer := range []jid.JID{{}, gate} {
			if err := r.Befriend(soon(t), peer); err == nil || !strings.HasPrefix(err.Error(), "responder: ") {
				t.Errorf("Befriend(%q) = %v", peer, err)
			}
		}
	})
}

func TestDamagedFilesAreLeftAlone(t *testing.T) {
	for name, damage := range map[string]string{
		"not JSON":               "Dear diary",
		"empty":                  "",
		"newer":                  `{"version":3}`,
		"a line of another kind": "{\"version\":2}\nDear diary\n{\"jid\":\"a.lit\",\"to\":true}\n",
		"not an address":         `{"version":1,"buddies":[{"jid":"@"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "buddies.json")
			if err := os.WriteFile(path, []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := responder.File(path).Load(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("Load = %v, want an error that names the file", err)
			}
			bubble(t, func(t *testing.T, w world) {
				r, _ := w.serve(gate, nil, responder.Keep(responder.File(path)))
				if err := r.Befriend(soon(t), other); err == nil {
					t.Error("Befriend wrote over a damaged file")
				}
			})
			if got, err := os.ReadFile(path); err != nil || string(got) != damage {
				t.Errorf("the file is %q, %v", got, err)
			}
		})
	}
}
