package responder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// counting is a store of single buddies. It counts its calls, and may fail to load.
type counting struct {
	kept
	err                    error
	loads, changes, writes int
}

func (c *counting) Load(context.Context) ([]responder.Buddy, error) {
	c.loads++
	return c.buddies, c.err
}

func (c *counting) Save(context.Context, []responder.Buddy) error { c.writes++; return nil }

func (c *counting) Change(_ context.Context, b responder.Buddy) error {
	c.changes++
	c.buddies = []responder.Buddy{b}
	return nil
}

func TestAStoreIsReadOnceAndWrittenForEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(counting)
		r, l := gateway(t, responder.Keep(store), responder.Requests(accept))
		defer r.Close()
		for _, want := range []int{1, 1} { // the second request changes nothing
			l.Ask(strings.TrimSpace(romeoSubscribes))
			if store.loads != 1 || store.changes != want || store.writes != 0 {
				t.Errorf("%d times read, %d changed, %d written", store.loads, store.changes, store.writes)
			}
		}
		if err := r.Unfriend(soon(t), romeo); err != nil || store.changes != 2 || store.writes != 0 {
			t.Errorf("%d changes, %d written, %v", store.changes, store.writes, err)
		}
		if got := store.buddies[0]; got.From || !got.JID.Equal(romeo.Bare()) {
			t.Errorf("stored %+v", got)
		}
	})
}

func TestAStoreThatCannotBeReadChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counting{err: errFull}
		var failed failures
		asked := 0
		r, l := gateway(t, responder.Keep(store), responder.Failed(failed.add), responder.Requests(func(jid.JID) responder.Decision {
			asked++
			return responder.Accept
		}))
		defer r.Close()
		for name, call := range calls {
			if name == "Stop" {
				continue
			}
			if err := call(r, soon(t)); !errors.Is(err, errFull) {
				t.Errorf("%s = %v", name, err)
			}
		}
		if _, err := r.Buddies(soon(t)); !errors.Is(err, errFull) {
			t.Errorf("Buddies: %v", err)
		}
		got := l.Ask(strings.TrimSpace(romeoSubscribes))
		if all := failed.all(); len(got) != 0 || asked != 0 || store.changes != 0 || len(all) != 1 || !strings.Contains(all[0], "load the buddies") {
			t.Errorf("told %q, asked %d times, %d changes; Failed was told %q", got, asked, store.changes, all)
		}
		store.err = nil // the disk is back
		if got := strings.Join(l.Ask(strings.TrimSpace(romeoSubscribes)), ""); !strings.Contains(got, `"subscribed"`) || asked != 1 {
			t.Errorf("told %q, asked %d times", got, asked)
		}
		store.err = errFull
		if err := r.Stop(soon(t), ""); err != nil {
			t.Errorf("Stop = %v", err) // what was read is known
		}
	})
}

func TestStopReportsAStoreThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := gateway(t, responder.Keep(&counting{err: errFull}))
		if err := r.Stop(soon(t), ""); !errors.Is(err, errFull) {
			t.Errorf("Stop = %v", err)
		}
	})
}

func TestBuddiesHaveBareAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := gateway(t, responder.Keep(&kept{buddies: []responder.Buddy{{JID: juliet, To: true}, {JID: romeo, To: true}}}))
		defer r.Close()
		if got := buddies(t, r); len(got) != 2 || !got[0].JID.Equal(juliet.Bare()) || !got[1].JID.Equal(romeo.Bare()) {
			t.Errorf("Buddies = %+v", got)
		}
	})
}

func TestOnlySubscribersAreToldOfStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Keep(&kept{buddies: []responder.Buddy{{JID: juliet.Bare(), To: true, Pending: true}, {JID: romeo.Bare(), From: true}}}))
		if err := r.Start(soon(t)); err != nil {
			t.Error(err)
		}
		if got := l.Heard(); len(got) != 1 || !strings.Contains(got[0], `to="romeo@montague.lit"`) {
			t.Errorf("told at the start: %q", got)
		}
		if err := r.Stop(soon(t), ""); err != nil {
			t.Error(err)
		}
		if got := l.Heard(); len(got) != 1 || !strings.Contains(got[0], `to="romeo@montague.lit"`) || strings.Contains(got[0], "status") {
			t.Errorf("told at the end: %q", got)
		}
	})
}

// The first change rewrites a file of the first version, the next ones do not.
func TestARemovedBuddyStaysRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buddies.json")
	if err := os.WriteFile(path, []byte(`{"version":1,"buddies":[{"jid":"montague.lit","to":true},{"jid":"verona.lit","to":true}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	store := responder.File(path).(responder.Changer)
	change := func(b responder.Buddy) {
		t.Helper()
		if err := store.Change(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	left := func(want ...string) {
		t.Helper()
		var got []string
		for _, b := range load(t, path) {
			got = append(got, b.JID.String())
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q are left, want %q", got, want)
		}
	}
	change(responder.Buddy{JID: jid.MustParse("montague.lit")})
	left("verona.lit")
	change(responder.Buddy{JID: romeo.Bare(), From: true})
	change(responder.Buddy{JID: jid.MustParse("verona.lit")})
	left("romeo@montague.lit")
	if err := store.Save(t.Context(), []responder.Buddy{{JID: juliet.Bare()}, {JID: gate, To: true}}); err != nil {
		t.Fatal(err)
	}
	left("gate.capulet.lit")
}

func TestAFileWithoutANewlineIsRewritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buddies.json")
	if err := os.WriteFile(path, []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := responder.File(path).(responder.Changer).Change(t.Context(), responder.Buddy{JID: gate, To: true}); err != nil {
		t.Fatal(err)
	}
	if got := load(t, path); len(got) != 1 || !got[0].JID.Equal(gate) {
		t.Errorf("%+v", got)
	}
}

// After a failure nobody knows what is in the file, so it is read again.
func TestAFileIsReadAgainAfterAFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "here")
	away := dir + ".away"
	path := filepath.Join(dir, "buddies.json")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	store := responder.File(path).(responder.Changer)
	change := func(b responder.Buddy) error { return store.Change(t.Context(), b) }
	if err := errors.Join(change(responder.Buddy{JID: gate, To: true}), os.Rename(dir, away)); err != nil {
		t.Fatal(err)
	}
	if err := change(responder.Buddy{JID: other, To: true}); err == nil {
		t.Error("a file that is gone was changed")
	}
	// The line was written all the same.
	text, err := os.ReadFile(filepath.Join(away, "buddies.json"))
	if err != nil {
		t.Fatal(err)
	}
	whole := append(text, `{"jid":"gate.montague.lit","to":true}`+"\n"...)
	if err := errors.Join(os.Rename(away, dir), os.WriteFile(path, whole, 0o600), change(responder.Buddy{JID: romeo.Bare(), To: true})); err != nil {
		t.Fatal(err)
	}
	if got := load(t, path); len(got) != 3 {
		t.Errorf("%+v", got)
	}
	// One that is damaged is not changed, even if it was read before.
	damage := strings.Repeat("Dear diary\n", 100)
	if err := os.WriteFile(path, []byte(damage), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context()); err == nil {
		t.Error("a damaged file was read")
	}
	if err := change(responder.Buddy{JID: juliet.Bare(), To: true}); err == nil {
		t.Error("a damaged file was changed")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != damage {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestErrorsOfAFileNameTheLine(t *testing.T) {
	const good = "{\"version\":2}\n{\"jid\":\"a.lit\",\"to\":true}\n"
	for bad, want := range map[string]string{
		good + "Dear diary\n":                                   "line 3",
		good + "{\"jid\":\"@\",\"to\":true}\n":                  "line 3",
		good + good[14:] + "{\"jid\":\"@\",\"to\":true}\n":      "line 4",
		good + good[14:] + good[14:] + "[]\n" + good[14:] + "{": "line 5",
	} {
		path := filepath.Join(t.TempDir(), "buddies.json")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := responder.File(path).Load(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
	if _, err := responder.File(t.TempDir()).Load(t.Context()); err == nil {
		t.Error("a folder was read")
	}
}
