package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"example.org/lastpresence/roster"
)

// Story is a setting and the steps that happen in it.
type Story struct {
	Seed uint64

	Kind   Kind          // of the contact's server
	Home   Home          // the kind of ours, where it is another one
	Same   bool          // the contact's server is ours
	Theirs time.Duration // how far its clock is ahead of our client's
	Ours   time.Duration // how far our server's is, where it is another one
	Near   time.Duration // from our client to our server
	Across time.Duration // from our server to the contact's

	Store        bool // the client has a store
	ServesItself bool // the client serves the session with the Cache
	Hangs        bool // questions to a server that is down are never answered

	Steps []Step

	Ignore []string // rules that may be broken

	lie func(*roster.Contact) // changes what the Cache says, to try the rules
}

// Everything stands for all rules, for a story that is only printed.
const Everything = "*"

// Op is what can happen.
type Op string

// The operations.
const (
	Come       Op = "comes"
	Leave      Op = "leaves"
	Crash      Op = "loses the connection"
	Die        Op = "the contact's server is killed"
	Stop       Op = "the contact's server is shut down"
	OursDies   Op = "our server is killed"
	Login      Op = "we log in"
	Logout     Op = "we log out"
	Cut        Op = "our connection breaks"
	LineDies   Op = "our line goes dead"
	Restart    Op = "our program ends, and starts again"
	Kill       Op = "our program is killed, and starts again"
	Fresh      Op = "our program starts without what it had stored"
	Open_      Op = "we open the chat"
	Refresh    Op = "we ask about the contact"
	Pass       Op = "time passes"
	Inactive   Op = "nobody looks at our client"
	Active     Op = "somebody looks at our client"
	Away       Op = "we become unavailable"
	Back       Op = "we become available again"
	Revoke     Op = "the contact ends our subscription"
	Grant      Op = "the contact grants a subscription"
	Unsub      Op = "we unsubscribe"
	Remove     Op = "we remove the contact from the roster"
	BlockHim   Op = "we block the contact"
	UnblockHim Op = "we unblock the contact"
	BlockUs    Op = "the contact blocks us"
	UnblockUs  Op = "the contact unblocks us"
	ClockStep  Op = "the contact's server's clock steps"
)

// weights is how often each operation comes.
var weights = []struct {
	op Op
	n  int
}{
	{Come, 18}, {Leave, 16}, {Crash, 5}, {Die, 3}, {Stop, 2}, {OursDies, 2},
	{Login, 16}, {Logout, 4}, {Cut, 5}, {LineDies, 2}, {Restart, 4}, {Kill, 2}, {Fresh, 1},
	{Open_, 14}, {Refresh, 3}, {Pass, 3}, {Inactive, 3}, {Active, 4}, {Away, 2}, {Back, 3},
	{Revoke, 2}, {Grant, 5}, {Unsub, 1}, {Remove, 1}, {BlockHim, 2}, {UnblockHim, 4},
	{BlockUs, 2}, {UnblockUs, 4}, {ClockStep, 1},
}

// themes are what stories are about more than others are.
var themes = [][]Op{
	nil,
	{Inactive, Active, Come, Leave, Open_},
	{BlockHim, UnblockHim, BlockUs, UnblockUs},
	{Revoke, Grant, Unsub, Remove},
	{Die, Stop, Crash, Refresh},
	{Away, Back, Cut, Login},
	{Restart, Kill, Login, ClockStep},
}

// undone is what undoes an operation.
var undone = map[Op]Op{
	BlockHim: UnblockHim, BlockUs: UnblockUs, Revoke: Grant, Unsub: Grant, Remove: Grant, Inactive: Active, Away: Back,
	Cut: Login, Logout: Login, LineDies: Login, OursDies: Login, Restart: Login, Kill: Login, Fresh: Login, Die: Login,
}

// Step is an operation, and how much later than the step before it comes.
type Step struct {
	ID       int // for words that nobody else says
	After    time.Duration
	Op       Op
	Resource string
	Silent   bool // says nothing
	Show     string
	Marked   bool // with a priority
	Flag     bool
	For      time.Duration
	By       time.Duration // a step of a clock
}

// Offsets are how far the clocks of a story differ.
var Offsets = []time.Duration{0, 5 * time.Second, -5 * time.Second, 3 * time.Minute, -3 * time.Minute, 10 * time.Minute, -10 * time.Minute}

// Latencies are the times that a stanza takes from one machine to the next.
var Latencies = []time.Duration{time.Millisecond, 30 * time.Millisecond, 300 * time.Millisecond, time.Second}

var pauses = []time.Duration{
	40 * time.Millisecond, 40 * time.Millisecond, 400 * time.Millisecond, 400 * time.Millisecond,
	3 * time.Second, 3 * time.Second, 3 * time.Second, 20 * time.Second, 20 * time.Second, 70 * time.Second, 70 * time.Second,
	12 * time.Minute, 12 * time.Minute, 3 * time.Hour, 30 * time.Hour, 90 * time.Hour,
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// Random returns a story on the given kind of server with the given clock offset
// and latency. The seed decides everything else.
func Random(seed uint64, kind Kind, offset, latency time.Duration) Story {
	r := rand.New(rand.NewPCG(seed, 0x318))
	s := Story{
		Seed: seed, Kind: kind, Home: pick(r, Homes...), Same: r.IntN(4) == 0,
		Theirs: offset, Near: latency, Across: pick(r, latency, Latencies[0]),
		Store: r.IntN(4) > 0, ServesItself: r.IntN(2) == 0, Hangs: r.IntN(2) == 0,
	}
	if offset != 0 {
		s.Ours = pick(r, 0, offset, -offset)
	}
	n := 0
	add := func(op Op) {
		n++
		s.Steps = append(s.Steps, randomStep(r, n, op))
	}
	gateway := r.IntN(12) == 0
	for range r.IntN(4) {
		add(pick(r, Come, Leave, Leave, Crash))
	}
	add(Login)
	theme := pick(r, themes...)
	var bag []Op
	for _, w := range weights {
		n := w.n
		if slices.Contains(theme, w.op) {
			n = 5*n + 10
		}
		bag = append(bag, slices.Repeat([]Op{w.op}, n)...)
	}
	// What is undone mostly is so soon, or stories would be about nothing else.
	soon := make(map[int]Op)
	for i := range 10 + r.IntN(30) {
		op, due := soon[i]
		if !due {
			op = pick(r, bag...)
		}
		add(op)
		if undo := undone[op]; undo != "" && r.IntN(4) > 0 {
			soon[i+1+r.IntN(4)] = undo
		}
	}
	if gateway {
		for i := range s.Steps {
			s.Steps[i].Resource = "" // as gateways have none
		}
	}
	return s
}

func randomStep(r *rand.Rand, id int, op Op) Step {
	return Step{
		ID: id, Op: op,
		After:    pick(r, pauses...) + time.Duration(r.IntN(3_000_000))*time.Microsecond/100,
		Resource: pick(r, "orchard", "orchard", "phone"),
		Silent:   r.IntN(3) == 0,
		Show:     pick(r, "", "", "away", "dnd"),
		Marked:   r.IntN(3) == 0,
		Flag:     r.IntN(2) == 0,
		For:      pick(r, 300*time.Millisecond, 3*time.Second, 40*time.Second, 5*time.Minute),
		By:       pick(r, Offsets[1:]...),
	}
}

func (s Step) goodbye() string {
	if s.Silent {
		return ""
	}
	return fmt.Sprintf("Bye %d.", s.ID)
}

func (s Step) here() string {
	if s.Silent {
		return ""
	}
	return fmt.Sprintf("Here %d.", s.ID)
}

// String describes the setting in one line.
func (s Story) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: contact on %s, ", s.Seed, s.Kind.Name)
	if s.Same {
		b.WriteString("which is our server, too")
	} else {
		fmt.Fprintf(&b, "our server %s", s.Home.Name)
	}
	fmt.Fprintf(&b, "; clocks ahead of our client's: theirs %v, ours %v; latency %v and %v; store %v, serves itself %v, hangs %v",
		s.Theirs, s.Ours, s.Near, s.Across, s.Store, s.ServesItself, s.Hangs)
	return b.String()
}

func replace(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
