package world_test

import (
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/world"
	"example.org/lastpresence/roster"
)

// kindOf returns the kind of a name.
func kindOf(t *testing.T, name string) world.Kind {
	for _, k := range world.Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind of server is named %s", name)
	return world.Kind{}
}

// plain is a story in which a contact comes, leaves and comes again, blocks and is
// blocked, and ends the subscription.
func plain(t *testing.T) world.Story {
	s := world.Story{Kind: kindOf(t, "prosody"), Home: world.Homes[0], Near: time.Millisecond, Across: time.Millisecond, ServesItself: true, Store: true}
	for i, step := range []world.Step{
		{Op: world.Login},
		{Op: world.Come, Resource: "orchard"},
		{Op: world.Come, Resource: "phone"},
		{Op: world.Leave, Resource: "phone"},
		{Op: world.Leave, Resource: "orchard"},
		{Op: world.Pass},
		{Op: world.Come, Resource: "orchard"},
		{Op: world.BlockHim},
		{Op: world.Pass},
		{Op: world.UnblockHim},
		{Op: world.Open_},
		{Op: world.Cut},
		{Op: world.Pass},
		{Op: world.Login},
		{Op: world.Revoke},
	} {
		step.ID, step.After = i+1, time.Hour
		s.Steps = append(s.Steps, step)
	}
	return s
}

func TestAPlainStoryIsTrue(t *testing.T) {
	v := world.PlayLying(t, plain(t), func(*roster.Contact) {})
	if v.Rule != "" || len(v.Excused) > 0 || v.Known < 15 {
		t.Errorf("of %d claims %d are known, excused are %v; broken is: %q\n%s%s", v.Claims, v.Known, v.Excused, v.Rule, v.Trace, v.Fault)
	}
}

func TestEachRuleSeesALie(t *testing.T) {
	offline := func(f func(c *roster.Contact)) func(*roster.Contact) {
		return func(c *roster.Contact) {
			if !c.Online && !c.LastSeen.IsZero() {
				f(c)
			}
		}
	}
	online := func(f func(c *roster.Contact)) func(*roster.Contact) {
		return func(c *roster.Contact) {
			if c.Online {
				f(c)
			}
		}
	}
	for _, tc := range []struct {
		rule string
		lie  func(c *roster.Contact)
	}{
		{"a session that is over tells nothing", func(c *roster.Contact) {
			if c.Online {
				c.Lack = roster.Nothing
			}
		}},
		{"nothing is known of a contact that does not share its presence", func(c *roster.Contact) {
			if c.Subscription == "from" {
				c.Online = true
			}
		}},
		{"who is blocked is not known", func(c *roster.Contact) {
			if c.Blocked {
				c.Online = true
			}
		}},
		{"nobody was seen in the future", offline(func(c *roster.Contact) { c.LastSeen = time.Now().Add(time.Minute) })},
		{"nobody was online later than they were", offline(func(c *roster.Contact) { c.OnlineAt = time.Now() })},
		{"a server's text is not the contact's word", offline(func(c *roster.Contact) { c.Status = "Stream reset by peer" })},
		{"time and words are of one departure", offline(func(c *roster.Contact) { c.Status = "Bye 4." })},
		{"time and words are of one departure", offline(func(c *roster.Contact) { c.LastSeen = c.LastSeen.Add(-time.Minute) })},
		{"words that were told are not lost", offline(func(c *roster.Contact) { c.Status = "" })},
		{"the last departure is the one that is shown", offline(func(c *roster.Contact) { c.Status, c.LastSeen = "", c.LastSeen.Add(-time.Minute) })},
		{"nothing is lacking only if the time is known", offline(func(c *roster.Contact) { c.LastSeen = time.Time{} })},
		{"the cause is why the contact left", offline(func(c *roster.Contact) { c.Cause = roster.ServerStopped })},
		{"who is told to be online is shown online", online(func(c *roster.Contact) { c.Online, c.Status, c.Lack = false, "", roster.Outdated })},
		{"the resources that are shown are those that are there", online(func(c *roster.Contact) { c.Resources = c.Resources[:1] })},
		{"after the login nobody who is offline is shown online", offline(func(c *roster.Contact) { c.Online, c.Lack = true, roster.Outdated })},
		{"who is shown online is online", offline(func(c *roster.Contact) { c.Online = true })},
		{"who never was here was never seen", func(c *roster.Contact) {
			if c.Lack == roster.NoDetails && c.OnlineAt.IsZero() {
				c.LastSeen, c.Lack = time.Now(), roster.Nothing
			}
		}},
	} {
		v := world.PlayLying(t, plain(t), tc.lie)
		if v.Rule != tc.rule {
			t.Errorf("a lie that breaks %q breaks %q\n%s%s", tc.rule, v.Rule, v.Trace, v.Fault)
		}
	}
}

func TestAShorterStoryBreaksTheSameRule(t *testing.T) {
	s := plain(t)
	lie := func(c *roster.Contact) {
		if !c.Online {
			c.Status = "Stream reset by peer"
		}
	}
	long := world.PlayLying(t, s, lie)
	short, v := world.Shrink(t, world.Lying(s, lie))
	if v.Rule != long.Rule || len(short.Steps) > 2 {
		t.Errorf("of %d steps that break %q are left %d that break %q\n%s", len(s.Steps), long.Rule, len(short.Steps), v.Rule, v.Trace)
	}
}
