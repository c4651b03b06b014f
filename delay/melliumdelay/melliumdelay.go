// Package melliumdelay converts between the delayed-delivery values
// (XEP-0203) of package delay and those of mellium.im/xmpp/delay.
//
// It is a package of its own because importing mellium's brings all of
// mellium.im/xmpp with it, which package delay does without.
package melliumdelay

import (
	"example.org/lastpresence/delay"
	mellium "mellium.im/xmpp/delay"
)

// From returns what m says. No field is lost; the name of the element is not
// looked at.
func From(m mellium.Delay) delay.Delay {
	return delay.Delay{From: m.From, Stamp: m.Time, Reason: m.Reason}
}

// To returns d as mellium has it. Note that mellium writes a zero Stamp, which
// package delay refuses to write.
func To(d delay.Delay) mellium.Delay {
	return mellium.Delay{From: d.From, Time: d.Stamp, Reason: d.Reason}
}
