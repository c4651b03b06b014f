package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/language"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

// printer shows what was learnt.
type printer interface {
	roster(*roster.Cache)
	contact(roster.Contact, probe.Outcome, time.Duration)
	uptime(probe.Answer)
}

// lines prints one JSON object a line, for scripts.
type lines struct{ w io.Writer }

type contactLine struct {
	Contact  string  `json:"contact"`
	Online   bool    `json:"online"`
	LastSeen string  `json:"last_seen,omitempty"`
	Status   string  `json:"status,omitempty"`
	Source   string  `json:"source"`
	Outcome  string  `json:"outcome,omitempty"`
	Elapsed  float64 `json:"elapsed_ms"`
}

func (l lines) roster(contacts *roster.Cache) {
	for c := range contacts.All() {
		l.print(line(c))
	}
}

func (l lines) contact(c roster.Contact, o probe.Outcome, elapsed time.Duration) {
	v := line(c)
	v.Outcome, v.Elapsed = o.String(), ms(elapsed)
	l.print(v)
}

func line(c roster.Contact) contactLine {
	v := contactLine{Contact: c.JID.String(), Online: c.Online, Status: c.Status, Source: c.Source.String()}
	if !c.LastSeen.IsZero() {
		v.LastSeen = c.LastSeen.UTC().Format(time.RFC3339)
	}
	return v
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

// title is what a contact is called.
func title(c roster.Contact) string {
	return command.OneLine(cmp.Or(c.Name, c.JID.String()))
}

func (p people) roster(contacts *roster.Cache) {
	for c := range contacts.All() {
		fmt.Fprintf(p.w, "  %-24s %s\n", title(c), describe(c, time.Now()))
	}
}

func (p people) contact(c roster.Contact, o probe.Outcome, elapsed time.Duration) {
	said := describe(c, time.Now())
	if o == probe.Unauthorized {
		said = "does not share presence with you"
	}
	fmt.Fprintf(p.w, "  %s: %s (%s, %.1f ms)\n", title(c), said, c.Source, ms(elapsed))
}

func (p people) uptime(a probe.Answer) {
	fmt.Fprintf(p.w, "  %s has been up %s, since %s (%s)\n", a.Contact, span(time.Since(a.Up)),
		a.Up.Local().Format("2 Jan 2006 15:04:05"), source(a.UpFrom))
}

// describe says what is known of a contact, as a chat window would.
func describe(c roster.Contact, now time.Time) string {
	var parts []string
	switch {
	case c.Online && c.Resources[0].Show != "":
		parts = append(parts, "online, "+c.Resources[0].Show)
	case c.Online:
		parts = append(parts, "online")
	case !c.LastSeen.IsZero():
		parts = append(parts, "last seen "+ago.In(language.English).Format(c.LastSeen, now))
	case c.Source == roster.None:
		parts = append(parts, "never heard of")
	default:
		parts = append(parts, "offline")
	}
	if c.Status != "" {
		parts = append(parts, command.OneLine(c.Status))
	}
	if c.Lack == roster.NoDetails {
		parts = append(parts, "(since when is not known)")
	}
	return strings.Join(parts, " · ")
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
