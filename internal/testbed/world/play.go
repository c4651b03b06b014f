package world

import (
	"container/heap"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// Verdict is the result of a story.
type Verdict struct {
	Claims  int            // Contacts that were checked
	Known   int            // those of them that lacked nothing
	Excused map[Reason]int // false claims that are not faults
	Rule    string         // the first rule that was broken; empty if none was
	Fault   string         // how it was broken
	Applied []bool         // which of the steps had an effect
	Trace   string         // a line for each event, if wanted
}

// world is a story that is being played.
type world struct {
	t       *testing.T
	story   Story
	began   time.Time
	near    time.Duration
	across  time.Duration
	queue   queue
	seq     int
	inbox   chan arrival
	done    chan func()
	trace   *strings.Builder // nil: not wanted
	verdict Verdict

	contact, theirHost string
	account, ourHost   string
	romeo              jid.JID

	theirs  *theirs
	ours    *ours
	client  *client
	truth   truth
	hidden  []*departure // what looks like a departure to us alone
	ask     ask
	silent  []span      // when the contact blocked us, and nobody said so
	steps   []time.Time // when the clock of the contact's server stepped
	blocked []span      // when it did, whether that was said or not

	subbedAt, grantedAt, weBlockedAt, blockedAt, restedAt, deadAt time.Time
}

// span is a time from a moment to another one.
type span struct{ from, to time.Time }

// ask is the latest answer of the contact's server to a question of ours.
type ask struct {
	at     time.Time
	rec    record
	offset time.Duration
}

// event is what happens at a time; of several at one time the first comes first.
type event struct {
	at  time.Time
	seq int
	do  func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(event)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// Play plays a story in a bubble of package synctest. It stops at the first fault
// that the story does not ignore. With trace it sets Verdict.Trace.
func Play(t *testing.T, s Story, trace bool) (v Verdict) {
	synctest.Test(t, func(t *testing.T) { v = play(t, s, trace) })
	return v
}

// epoch is how long after the start of a bubble a story begins: in 2026.
const epoch = 26 * 365 * 24 * time.Hour

func play(t *testing.T, s Story, trace bool) Verdict {
	time.Sleep(epoch)
	w := &world{
		t: t, story: s, began: time.Now(), near: s.Near, across: s.Across,
		inbox: make(chan arrival, 1024), done: make(chan func(), 1024),
		contact: "romeo@montague.lit", theirHost: "montague.lit",
		account: "juliet@capulet.lit/balcony", ourHost: "capulet.lit",
	}
	w.verdict.Excused = make(map[Reason]int)
	if trace {
		w.trace = new(strings.Builder)
	}
	home, offset := s.Home, s.Ours
	if s.Same {
		w.contact, w.theirHost, w.across, home, offset = "romeo@capulet.lit", "capulet.lit", 0, s.Kind.Home, s.Theirs
	}
	w.romeo = jid.MustParse(w.contact)
	w.theirs = &theirs{w: w, kind: s.Kind, offset: s.Theirs, up: true, subbed: true, born: w.now().Add(-1000*time.Hour + s.Theirs), resources: make(map[string]*resource)}
	w.ours = &ours{w: w, kind: home, offset: offset, up: true, sub: "both"}
	w.truth.set(w.now(), nil)
	w.client = &client{w: w, memory: newMemory()}
	if s.Store {
		w.client.disk = new(disk)
	}
	w.client.start()
	w.schedule()
	w.run()
	w.finish()
	if trace {
		w.verdict.Trace = w.trace.String()
	}
	return w.verdict
}

func (w *world) now() time.Time { return time.Now() }

// after has something happen later.
func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now().Add(d), seq: w.seq, do: do})
}

// schedule puts the story's steps into the queue.
func (w *world) schedule() {
	w.verdict.Applied = make([]bool, len(w.story.Steps))
	var at time.Duration
	for i, step := range w.story.Steps {
		at += step.After
		w.after(at, func() {
			mark := 0
			if w.trace != nil {
				mark = w.trace.Len()
			}
			w.note("%s", step)
			w.verdict.Applied[i] = w.step(step)
			if w.trace != nil && !w.verdict.Applied[i] {
				rest := w.trace.String()[:mark]
				w.trace.Reset()
				w.trace.WriteString(rest)
			}
		})
	}
	w.after(at+15*time.Second, func() {})
	w.after(at+3*time.Minute, func() {})
}

func (w *world) run() {
	for len(w.queue) > 0 && w.verdict.Rule == "" {
		e := heap.Pop(&w.queue).(event)
		if wait := e.at.Sub(w.now()); wait > 0 && !w.wait(wait) {
			heap.Push(&w.queue, e)
			continue
		}
		e.do()
		w.settle()
		if !w.more() {
			w.check()
		}
	}
}

// more reports whether something else happens at this moment, such as the presence
// of another resource.
func (w *world) more() bool {
	return len(w.queue) > 0 && !w.queue[0].at.After(w.now())
}

// wait waits, and returns false if something came meanwhile.
func (w *world) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case a := <-w.inbox:
		w.arrived(a)
	case f := <-w.done:
		f()
	}
	w.settle()
	if !w.more() {
		w.check()
	}
	return false
}

// settle waits until nothing moves, and takes what the client has sent.
func (w *world) settle() {
	for {
		synctest.Wait()
		select {
		case a := <-w.inbox:
			w.arrived(a)
			continue
		case f := <-w.done:
			f()
			continue
		default:
		}
		break
	}
	if c := w.client; c.session != nil && c.served.Load() {
		w.note("   our client's session is over")
		c.session = nil
		synctest.Wait()
	}
}

func (w *world) arrived(a arrival) {
	w.after(w.near, func() {
		s := w.ours.session
		if s == nil || s.conn != a.conn {
			return
		}
		if a.end {
			w.ours.end(s)
			return
		}
		w.ours.receive(s, a.in)
	})
}

// finish ends the client, so that nothing of it stays in the bubble.
func (w *world) finish() {
	w.client.exit(true)
	if s := w.ours.session; s != nil {
		w.ours.end(s)
	}
	synctest.Wait()
	for len(w.inbox) > 0 {
		<-w.inbox
	}
	for len(w.done) > 0 {
		<-w.done
	}
}

// asked notes what the contact's server answered.
func (w *world) asked(s *theirs, rec record) {
	w.ask = ask{at: w.now(), rec: rec, offset: s.offset}
}

// random finds the ids that are not the same each time.
var random = regexp.MustCompile(` id='([0-9a-f]{16}|[0-9A-Z]{20,}-[0-9a-z]+)'`)

func (w *world) note(format string, args ...any) {
	if w.trace == nil {
		return
	}
	text := random.ReplaceAllString(fmt.Sprintf(format, args...), " id='…'")
	fmt.Fprintf(w.trace, "%s  %s\n", w.clock(w.now()), text)
}

// clock is story time.
func (w *world) clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := t.Sub(w.began)
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	days := d / (24 * time.Hour)
	return fmt.Sprintf("%s%d %s", sign, days, time.Unix(0, 0).UTC().Add(d%(24*time.Hour)).Format("15:04:05.000"))
}

// describe says what a Contact claims.
func describe(c roster.Contact) string {
	if c.Online {
		var here []string
		for _, r := range c.Resources {
			here = append(here, r.Name+"="+r.Status)
		}
		return fmt.Sprintf("online as %q, lacking %v", here, c.Lack)
	}
	seen := "never"
	if !c.LastSeen.IsZero() {
		seen = c.LastSeen.UTC().Format("Jan 2 15:04:05.000")
	}
	return fmt.Sprintf("offline, last seen %s, %q, cause %v, lacking %v", seen, c.Status, c.Cause, c.Lack)
}
