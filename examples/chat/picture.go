package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/language"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

// scene plays the demo's contacts to a model, without a terminal.
type scene struct {
	model
	events chan event
	done   chan error
}

// picture plays a short scene, and draws the screen as it is then.
func picture(ctx context.Context, w io.Writer) error {
	d := newDemo()
	defer d.close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c := newClient(juliet, d.login, nil)
	s := &scene{
		model:  newModel(c, ago.In(language.English)),
		events: make(chan event, 100),
		done:   make(chan error, 1),
	}
	s.height = 16
	go func() { s.done <- c.run(ctx, func(e event) { s.events <- e }) }()
	if err := s.play(ctx); err != nil {
		return err
	}
	if err := svg(w, s.screen()); err != nil {
		return err
	}
	cancel()
	<-s.done
	return nil
}

// play is the scene: Juliet asks Benvolio, and looks for Romeo.
func (s *scene) play(ctx context.Context) error {
	err := s.until(func() bool { return s.up && s.online() == 2 })
	if err != nil {
		return err
	}
	s.show(ctx, benvolio.Bare())
	s.input.SetValue("Where is Romeo?")
	m, _ := s.send()
	s.model = m
	key := benvolio.Bare().String()
	asked := &s.lines[key][0]
	s.take(sent{key, asked.id, s.client.say(benvolio.Bare(), asked.id, asked.text)})
	if err := s.until(func() bool { return len(s.lines[key]) == 2 }); err != nil {
		return err
	}
	for _, contact := range []jid.JID{nurse, romeo.Bare()} {
		s.show(ctx, contact)
		if err := s.until(func() bool { c, _ := s.contacts.selected(); return c.Lack == roster.Nothing }); err != nil {
			return err
		}
	}
	return nil
}

// take shows what happened.
func (s *scene) take(e event) {
	next, _ := s.Update(e)
	s.model = next.(model)
}

// until shows what happens until something is the case.
func (s *scene) until(is func() bool) error {
	for !is() {
		select {
		case e := <-s.events:
			s.take(e)
		case err := <-s.done:
			return err
		}
	}
	return nil
}

func (s *scene) online() (n int) {
	for _, contact := range s.contacts.all {
		if contact.Online {
			n++
		}
	}
	return n
}

// show opens the chat with a contact.
func (s *scene) show(ctx context.Context, contact jid.JID) {
	s.contacts.choose(contact.String())
	s.model, _ = s.open()
	s.take(s.client.open(ctx, contact))
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
