package probe

import (
	"slices"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// delay keeps a delay. If there is no room, one signed by the sender's server,
// which takes precedence, replaces another one.
func (rd *reader) delay(element delay.Element) {
	if rd.delayed < MaxDelays {
		rd.delays[rd.delayed] = element
		rd.delayed++
		return
	}
	rd.p.Cut = true
	server := rd.p.From.Domain()
	if element.Err != nil || !element.From.Equal(server) {
		return
	}
	for i, other := range slices.Backward(rd.delays[:]) {
		if other.Err != nil || !other.From.Equal(server) {
			rd.delays[i] = element
			return
		}
	}
}

// believe decides which of the delays to trust.
func (rd *reader) believe(self jid.JID) {
	p := &rd.p
	p.Delay, p.Doubts = delay.Rules{}.Believe(rd.delays[:rd.delayed], p.From, self, p.Received)
	if !p.Delay.Stamp.IsZero() && delay.Held(p.Delay, p.From, self) {
		p.Doubts = append(p.Doubts, delay.Doubt{Element: delay.Element{Delay: p.Delay}, Why: delay.Superseded})
		p.Delay = delay.Delay{}
	}
	for _, doubt := range p.Doubts {
		if !delay.Held(doubt.Element.Delay, p.From, self) {
			continue
		}
		stamp := doubt.Element.Stamp
		if doubt.Why != delay.Superseded {
			stamp = p.Received // held, but the stamp cannot be trusted
		}
		if p.Held.IsZero() || stamp.Before(p.Held) {
			p.Held = stamp
		}
	}
	if p.Held.After(p.Received) {
		p.Held = p.Received
	}
}

// since returns when the user was last active, by XEP-0319 or else XEP-0256; zero
// if neither has a possible time.
func (rd *reader) since() time.Time {
	if t, ok := (delay.Rules{}).Past(rd.idle, rd.p.Received); ok {
		return t
	}
	if t, ok := (delay.Rules{}).Past(rd.p.At().Add(-rd.ago), rd.p.Received); ok && rd.hasAgo {
		return t
	}
	return time.Time{}
}
