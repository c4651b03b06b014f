package filestore

import (
	"slices"
	"strings"
)

// contact1 is a contact in version 1 of the format, which kept the facts that
// were told by presence (seen), by last activity (active), as words of an
// unknown time (said), and when a probe was last answered.
type contact1 struct {
	contact
	Active departure `json:"active"`
	Said   departure `json:"said"`
	Asked  micros    `json:"asked"`
}

// sameMoment is how far two accounts of one leaving may be apart, because last
// activity counts whole seconds.
const sameMoment = micros(2_000_000)

// upgrade returns the contact as version 2 has it. The statements of package
// sqlstore do the same with tables.
func (c *contact1) upgrade() contact {
	seen, told := c.Seen, departure{}
	if seen.At != seen.Heard { // not seen as it happened, but told with a stamp
		if seen.At != 0 {
			told, told.Stamp = seen, seen.At
		}
		seen = departure{}
	}
	seen.Ours = seen.At != 0
	switch active := c.Active; {
	case active.At != 0 && (told.At == 0 || active.At > told.At+sameMoment):
		told = departure{At: active.At, Heard: active.Heard, Status: active.Status, Ours: true}
	case told.At != 0 && told.Status == "" && active.At >= told.At-sameMoment:
		told.Status = active.Status
	}
	switch said := c.Said; {
	case said.Status == "":
	case told.At == 0:
		told.Heard, told.Status = said.Heard, said.Status
	case told.Status == "" && said.Heard >= told.At && said.Heard > c.Online:
		told.Status = said.Status
	}
	if told.At != 0 && c.Asked >= told.At {
		told.Settled = true
	}
	if slices.ContainsFunc(composed[:2], func(text string) bool { return strings.HasPrefix(seen.Status, text) }) {
		seen.Text, seen.Status = seen.Status, ""
	}
	if slices.Contains(whole, told.Status) || slices.ContainsFunc(composed, func(text string) bool { return strings.HasPrefix(told.Status, text) }) {
		told.Text, told.Status = told.Status, ""
	}
	c.Seen, c.Told = seen, told
	return c.contact
}

// composed begin what servers write where the contact's words belong. The first
// two are in presence, too.
var composed = []string{
	"Disconnected: ", "Stream error: ",
	"Stream closed by peer", "Connection failed: ", "Stream closed by local host: ", "Stream failed: ",
}

// whole are what servers write there with nothing behind it.
var whole = []string{"Registered but didn't login", "Stream reset by peer", "Logged out"}
