package world

import (
	"fmt"
	"time"
)

// String says what happens.
func (s Step) String() string {
	if s.Resource == "" {
		s.Resource = "the contact, who has no resources,"
	}
	switch s.Op {
	case Come:
		text := fmt.Sprintf("%s %s, saying %q", s.Resource, s.Op, s.here())
		if s.Show != "" {
			text += ", " + s.Show
		}
		if s.Marked {
			text += ", with a priority"
		}
		return text
	case Leave:
		return fmt.Sprintf("%s %s, saying %q, and disconnects %v later", s.Resource, s.Op, s.goodbye(), s.disconnect())
	case Crash:
		return fmt.Sprintf("%s %s, which the server notices after %v", s.Resource, s.Op, s.For)
	case Die, Stop, OursDies, LineDies:
		return fmt.Sprintf("%s for %v", s.Op, s.For)
	case ClockStep:
		return fmt.Sprintf("%s by %v", s.Op, s.By)
	case Restart:
		if s.steps() {
			return fmt.Sprintf("%s; its clock was ahead by %v", s.Op, s.By)
		}
	}
	return string(s.Op)
}

// disconnect is when the connection ends after an unavailable presence.
func (s Step) disconnect() time.Duration {
	if s.For > 4*time.Second {
		return time.Millisecond
	}
	return s.For
}

// steps reports whether our clock steps as the program starts again.
func (s Step) steps() bool { return s.Flag && s.Silent }

// step has a step happen, and reports whether that meant anything.
func (w *world) step(s Step) bool {
	switch t, o, c := w.theirs, w.ours, w.client; s.Op {
	case Come:
		return t.come(s.Resource, s.here(), s.Show, s.Marked)
	case Leave:
		return t.leave(s.Resource, s.goodbye(), s.disconnect())
	case Crash:
		return t.crash(s.Resource, s.For)
	case Die, Stop:
		if !t.die(s.Op == Stop, s.For) {
			return false
		}
		if w.story.Same {
			o.die(s.For)
		}
		return true
	case OursDies:
		if w.story.Same {
			return false
		}
		return o.die(s.For)
	case Login:
		return c.login(s.Flag)
	case Logout:
		return c.logout()
	case Cut:
		return c.cut()
	case LineDies:
		return w.lineDies(s.For)
	case Restart, Kill, Fresh:
		w.restart(s)
		return true
	case Open_:
		return c.open(false)
	case Refresh:
		return c.open(true)
	case Inactive:
		return c.rest(true)
	case Active:
		return c.rest(false)
	case Away:
		return c.hide(true)
	case Back:
		return c.hide(false)
	case ClockStep:
		t.offset += s.By
		w.steps = append(w.steps, w.now())
		if w.story.Same {
			o.offset = t.offset
		}
		return true
	case BlockUs:
		return t.block(true)
	case UnblockUs:
		return t.block(false)
	case BlockHim:
		return o.block(true)
	case UnblockHim:
		return o.block(false)
	case Revoke, Grant, Unsub, Remove:
		return w.subscription(s.Op)
	}
	return true
}

// restart ends the program and starts it again.
func (w *world) restart(s Step) {
	c := w.client
	c.exit(s.Op == Kill)
	if s.Op == Fresh && c.disk != nil {
		c.disk, c.memory = new(disk), newMemory()
	}
	if s.Op == Restart && s.steps() && c.disk != nil {
		c.disk.step(s.By)
		c.memory.step(w.now(), s.By)
	}
	c.start()
}

// lineDies has the network swallow everything, until somebody notices.
func (w *world) lineDies(notice time.Duration) bool {
	s := w.ours.session
	if s == nil || s.deadline {
		return false
	}
	s.deadline = true
	w.deadAt = w.now()
	w.after(notice, func() {
		w.note("the dead line is noticed")
		w.ours.end(s)
		s.conn.hangUp()
	})
	return true
}

// subscription ends or grants our subscription to the contact's presence.
func (w *world) subscription(op Op) bool {
	t, o := w.theirs, w.ours
	if !t.up || !o.up {
		return false
	}
	w.subbedAt = w.now()
	switch op {
	case Revoke:
		if !t.subbed {
			return false
		}
		t.send(message{from: w.contact, xml: presence(w.contact, "unsubscribed", "", "")})
		t.revoked()
		w.after(w.across, func() { o.subscription("from") })
	case Unsub, Remove:
		if o.sub != "both" {
			return false
		}
		sub := "from"
		if op == Remove {
			sub = ""
		}
		o.subscription(sub)
		w.after(w.across, t.revoked)
	case Grant:
		if t.subbed || o.sub == "both" {
			return false
		}
		t.subbed, w.grantedAt = true, w.now()
		w.after(w.across, func() { o.subscription("both") })
		if t.sees() {
			t.show()
		}
	}
	return true
}

// revoked has the contact's server take the subscription away.
func (s *theirs) revoked() {
	if !s.subbed {
		return
	}
	if s.sees() {
		s.hide()
	}
	s.subbed = false
	s.w.subbedAt = s.w.now()
}
