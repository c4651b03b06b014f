package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// printer shows what was learnt.
type printer interface {
	roster(*roster.Cache)
	contact(result)
	uptime(probe.Answer)
}

// lines prints one JSON object a line, for scripts.
type lines struct{ w io.Writer }

type contactLine struct {
	Contact   string         `json:"contact"`
	Online    bool           `json:"online"`
	LastSeen  string         `json:"last_seen,omitempty"`
	Status    string         `json:"status,omitempty"`
	Cause     string         `json:"cause"`
	OnlineAt  string         `json:"online_at,omitempty"`
	Source    string         `json:"source"`
	Outcome   string         `json:"outcome,omitempty"`
	Error     string         `json:"error,omitempty"`
	Resources []resourceLine `json:"resources,omitempty"`
	Elapsed   float64        `json:"elapsed_ms"`
}

type resourceLine struct {
	Resource string `json:"resource"`
	Show     string `json:"show"`
	Status   string `json:"status"`
}

func (l lines) roster(contacts *roster.Cache) {
	for c := range contacts.All() {
		v := line(c)
		v.Error = words.Why(c.Err)
		l.print(v)
	}
}

func (l lines) contact(r result) {
	v := line(r.contact)
	v.Outcome, v.Error, v.Elapsed = r.outcome().String(), words.Why(r.err), ms(r.elapsed)
	l.print(v)
}

func line(c roster.Contact) contactLine {
	v := contactLine{
		Contact: c.JID.String(), Online: c.Online, LastSeen: stamp(c.LastSeen), Status: c.Status,
		Cause: c.Cause.String(), OnlineAt: stamp(c.OnlineAt), Source: c.Source.String(),
	}
	for _, r := range c.Resources {
		v.Resources = append(v.Resources, resourceLine{r.Name, r.Show, r.Status})
	}
	return v
}

// stamp returns a time as RFC 3339 has it, and nothing for one that is not known.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (l lines) uptime(a probe.Answer) {
	l.print(struct {
		Host    string  `json:"host"`
		Since   string  `json:"since"`
		Source  string  `json:"source"`
		Elapsed float64 `json:"elapsed_ms"`
	}{a.Contact.String(), a.Up.UTC().Format(time.RFC3339), source(a.UpFrom), ms(a.RoundTrip)})
}

// source names the origin of an uptime in the words of package roster.
func source(o probe.Origin) string {
	if o == probe.FromPresence {
		return roster.Probe.String()
	}
	return o.String()
}

func (l lines) print(v any) {
	_ = json.NewEncoder(l.w).Encode(v)
}

func ms(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// people prints for people.
type people struct{ w io.Writer }

func (p people) roster(contacts *roster.Cache) {
	for c := range contacts.All() {
		fmt.Fprintf(p.w, "  %-24s %s\n", words.Title(c), describe(c))
	}
}

// contact prints nothing if nothing is known of the contact: the error says so.
func (p people) contact(r result) {
	if r.err == nil || r.contact.Source != roster.None {
		r.contact.Err = nil // it is reported as an error
		fmt.Fprintf(p.w, "  %s: %s (%s, %.1f ms)\n", words.Title(r.contact), describe(r.contact), r.contact.Source, ms(r.elapsed))
	}
}

func describe(c roster.Contact) string {
	return words.Describe(c, words.Times(os.Getenv, ""), time.Now())
}

func (p people) uptime(a probe.Answer) {
	fmt.Fprintf(p.w, "  %s has been up %s, since %s (%s)\n", a.Contact, span(time.Since(a.Up)),
		a.Up.Local().Format("2 Jan 2006 15:04:05"), source(a.UpFrom))
}

func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(max(d, 0).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
