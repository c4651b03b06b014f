package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"example.org/lastpresence/roster"
)

// picture plays a short scene with the demo's contacts, and draws the screen as
// it is then.
func picture(ctx context.Context, w io.Writer) error {
	d, err := newDemo()
	if err != nil {
		return err
	}
	defer d.close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c := newClient(d.login, nil)
	events := make(chan event, 100)
	done := make(chan error, 1)
	go func() { done <- c.run(ctx, func(e event) { events <- e }) }()
	m := newModel(c)
	m.height = 16
	update := func(until func() bool) error {
		for !until() {
			select {
			case e := <-events:
				next, _ := m.Update(e)
				m = next.(model)
			case err := <-done:
				return err
			}
		}
		return nil
	}
	online := func() (n int) {
		for _, contact := range m.contacts {
			if contact.Online {
				n++
			}
		}
		return n
	}
	choose := func(name string) {
		for i, contact := range m.contacts {
			if contact.Name == name {
				m.cursor = i
			}
		}
	}
	if err := update(func() bool { return m.state == "" && online() == 2 }); err != nil {
		return err
	}
	choose("Benvolio")
	next, _ := m.open()
	m = next.(model)
	m.opened(c.open(ctx, benvolio.Bare()))
	m.input.SetValue("Where is Romeo?")
	next, send := m.send()
	m = next.(model)
	send()
	if err := update(func() bool { return len(m.lines[benvolio.Bare().String()]) == 2 }); err != nil {
		return err
	}
	for _, name := range []string{"Nurse", "Romeo"} {
		choose(name)
		next, _ = m.open()
		m = next.(model)
		m.opened(c.open(ctx, m.contacts[m.cursor].JID))
		if err := update(func() bool { return m.contacts[m.cursor].Lack == roster.Nothing }); err != nil {
			return err
		}
	}
	if err := svg(w, m.screen()); err != nil {
		return err
	}
	cancel()
	<-done
	return nil
}

// What a character of the picture is wide and high.
const (
	charWidth  = 8.4
	charHeight = 18
	margin     = 14
)

// svg draws lines of text with the few styles that the screen has.
func svg(w io.Writer, screen string) error {
	lines := strings.Split(screen, "\n")
	width := 0
	for _, l := range lines {
		width = max(width, ansi.StringWidth(l))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>A chat client in the terminal: Romeo was last seen 10 minutes ago, going offline, out of battery</title>
<rect width="100%%" height="100%%" rx="8" fill="#1d1f27"/>
`, float64(width)*charWidth+2*margin, len(lines)*charHeight+2*margin)
	for y, l := range lines {
		x, style := 0, ""
		for l != "" {
			if rest, ok := strings.CutPrefix(l, "\x1b["); ok {
				code, after, _ := strings.Cut(rest, "m")
				style, l = code, after
				continue
			}
			text, after, escaped := strings.Cut(l, "\x1b[")
			if l = ""; escaped {
				l = "\x1b[" + after
			}
			if strings.TrimSpace(text) != "" {
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" xml:space="preserve" textLength="%.1f"%s>`,
					margin+float64(x)*charWidth, margin+y*charHeight+14, float64(ansi.StringWidth(text))*charWidth, look(style))
				_ = xml.EscapeText(&b, []byte(text))
				b.WriteString("</text>\n")
			}
			x += ansi.StringWidth(text)
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// look is what a style of the terminal's looks like in the picture.
func look(style string) string {
	switch style {
	case "1":
		return ` fill="#ffffff" font-weight="bold"`
	case "2":
		return ` fill="#8b90a0"`
	case "32":
		return ` fill="#7fd88f"`
	case "33":
		return ` fill="#e5c07b"`
	}
	return ` fill="#d5d8e0"`
}
