// Package melliumdelay converts between the delayed-delivery values
// (XEP-0203) of package delay and those of mellium.im/xmpp/delay.
//
// It is separate from package delay because mellium.im/xmpp/delay imports all of
// mellium.im/xmpp.
package melliumdelay

import (
	"example.org/lastpresence/delay"
	mellium "mellium.im/xmpp/delay"
)

// From converts m to a delay.Delay. It ignores XMLName.
func From(m mellium.Delay) delay.Delay {
	return delay.Delay{From: m.From, Stamp: m.Time, Reason: m.Reason}
}

// To converts d to mellium's Delay. Beware: mellium writes an element even if the
// Stamp is zero, where package delay writes nothing.
func To(d delay.Delay) mellium.Delay {
	return mellium.Delay{From: d.From, Time: d.Stamp, Reason: d.Reason}
}
