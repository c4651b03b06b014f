package integration_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
)

// online logs a contact in, and returns its session and what it hears.
func online(t testing.TB, srv *integration.Server) (session *xmpp.Session, heard chan string) {
	t.Helper()
	session = srv.Login(t, suite.Romeo)
	heard = make(chan string, 10)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(bodies(heard))
	}()
	t.Cleanup(func() {
		_ = session.Conn().Close()
		<-served
	})
	if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	return session, heard
}

const head = "#head .known"

// TestWebchat uses the web chat gateway in a browser, as a user would.
func TestWebchat(t *testing.T) {
	t.Parallel()
	program, browser := buildExample(t, "webchat"), chromium(t)
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv, store := s.start(t), filepath.Join(t.TempDir(), "store")
			romeo := suite.LogIn(t, srv, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)
			g := startWebchat(t, program, srv.Authority, "-addr", srv.Addr, "-store", store)
			juliet := newTab(t, browser, "en-GB")

			juliet.logIn(g.url, suite.Juliet.String(), "swordfish")
			juliet.await(".error", "Wrong password")
			juliet.logIn(g.url, suite.Juliet.String(), integration.Password)
			juliet.await("#contacts", "romeo", "benvolio")
			juliet.open(suite.Romeo.String())
			juliet.await(head, "last seen just now", suite.Goodbye)
			juliet.is("document.cookie", "") // the script cannot read it

			session, heard := online(t, srv)
			juliet.await(head, "online")
			juliet.await("#contacts .online .title", "romeo")
			juliet.say("Wherefore art thou?")
			if body := <-heard; body != "Wherefore art thou?" {
				t.Errorf("Romeo heard %q", body)
			}
			juliet.await("#lines .own:not(.sending)", "Wherefore art thou?")
			say(t, session, "Shall I hear more?")
			juliet.await("#lines .line:not(.own)", "Shall I hear more?")
			juliet.press(kb.Escape)
			juliet.await(".nothing")
			say(t, session, "Or shall I <b>speak</b> at this?")
			juliet.await(".unread:not([hidden])", "1")
			juliet.is("document.title.startsWith('(1) ')", "true")
			juliet.press(kb.ArrowDown)
			juliet.is("document.activeElement.closest('li')?.dataset.address", suite.Romeo.String())
			juliet.press(kb.Enter)
			juliet.await("#lines", "Shall I hear more?", "Or shall I <b>speak</b> at this?")
			juliet.is("document.querySelectorAll('.unread:not([hidden])').length", "0")

			srv.Kill()
			juliet.await("#link.down", "trying again")
			srv.Restart(t)
			juliet.await("#link.up", "connected")
			juliet.click("header button")
			juliet.await("h1", "webchat")
			juliet.visit(g.url + "?with=" + suite.Romeo.String())
			juliet.await("h1", "webchat")
			if got := g.metric("webchat_sessions"); got != "webchat_sessions 0" {
				t.Error(got)
			}
			g.stop()
			notThere(t, store, integration.Password)
			if strings.Contains(g.output(), integration.Password) || strings.Contains(g.output(), "swordfish") {
				t.Errorf("a password is in the log:\n%s", g.output())
			}
		})
	}
}

// say has Romeo say something to Juliet.
func say(t testing.TB, session *xmpp.Session, text string) {
	t.Helper()
	if err := session.Send(t.Context(), stanza.Message{To: suite.Juliet, Type: stanza.ChatMessage}.Wrap(bodyElement(text))); err != nil {
		t.Fatal(err)
	}
}

// notThere checks that no file in a folder has a text, and that there are files.
func notThere(t testing.TB, dir, text string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%s has %q", path, text)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files in %s, %v", files, dir, err)
	}
}

// TestWebchatShowsHostileTextsAsTexts has a contact leave with words that would be
// markup, that turn the direction of writing, and that are long.
func TestWebchatShowsHostileTextsAsTexts(t *testing.T) {
	t.Parallel()
	program, browser := buildExample(t, "webchat"), chromium(t)
	srv := integration.StartProsody(t, integration.Stamps)
	status := "<img src=x onerror=alert(1)><script>alert(1)</script>\u202egnp.exe\u2066" + strings.Repeat("long", 1000)
	romeo := suite.LogIn(t, srv, suite.Romeo)
	romeo.Available()
	romeo.Leave(status)
	g := startWebchat(t, program, srv.Authority, "-addr", srv.Addr)
	juliet := newTab(t, browser, "en")
	juliet.logIn(g.url, suite.Juliet.String(), integration.Password)
	juliet.open(suite.Romeo.String()) // once she is logged in
	for _, width := range []int64{1280, 390} {
		juliet.size(width, 844, false)
		juliet.visit(g.url)
		juliet.open(suite.Romeo.String())
		juliet.await(head, "<img src=x onerror=alert(1)><script>alert(1)</script>gnp.exelong")
		juliet.is("document.querySelectorAll('main img, main script, nav img, nav script').length", "0")
		juliet.is("/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.textContent)", "false")
		juliet.is("document.querySelector('#head .status').textContent.length < 410", "true")
		juliet.is("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight", "true")
		juliet.is("document.querySelector('#say').getBoundingClientRect().bottom <= innerHeight", "true")
	}
}

// TestWebchatProcessesShareADatabase has two users in two browsers, on two
// processes with one PostgreSQL. One process is killed while a chat is open, and
// what it knew is there on the other one.
func TestWebchatProcessesShareADatabase(t *testing.T) {
	t.Parallel()
	program, browser := buildExample(t, "webchat"), chromium(t)
	srv := integration.StartEjabberd(t)
	args := []string{"-addr", srv.Addr, "-store", integration.StartPostgres(t).Database(t)}
	one, two := startWebchat(t, program, srv.Authority, args...), startWebchat(t, program, srv.Authority, args...)

	juliet, romeo := newTab(t, browser, "en"), newTab(t, browser, "de")
	juliet.logIn(one.url, suite.Juliet.String(), integration.Password)
	romeo.logIn(two.url, suite.Romeo.String(), integration.Password)
	juliet.open(suite.Romeo.String())
	juliet.await(head, "online")
	romeo.open(suite.Juliet.String())
	juliet.say("What's in a name?")
	romeo.await("#lines", "What's in a name?")
	romeo.say("Call me but love.")
	juliet.await("#lines", "Call me but love.")
	romeo.click("header button")
	romeo.await("button", "Anmelden")
	juliet.await(head, "last seen just now")

	left := suite.LogIn(t, srv, suite.Romeo)
	left.Available()
	juliet.await(head, "online")
	left.Leave(suite.Goodbye)
	juliet.await(head, suite.Goodbye)
	eventually(t, "the departure is kept", func() bool { return kept(t, args[3], suite.Goodbye) })
	one.kill()
	juliet.await("#link.down", "cannot be reached")

	asked := two.metric("webchat_probes_total") // for Romeo, if he opened the chat before his login was over
	again := newTab(t, browser, "pl")
	again.logIn(two.url, suite.Juliet.String(), integration.Password)
	again.await("#contacts [data-address='romeo@montague.lit']", "ostatnio online", suite.Goodbye)
	if got := two.metric("webchat_probes_total"); got != asked || strings.Count(got, "\n") != 5 {
		t.Errorf("it is not from the database:\n%s\nbefore:\n%s", got, asked)
	}
	again.open(suite.Romeo.String())
	again.await(head, "ostatnio online przed chwilą", suite.Goodbye)
	if got := two.metric("webchat_store_failures_total"); strings.Count(got, " 0") != 2 {
		t.Error(got)
	}
}

// kept reports whether the database has a status.
func kept(t *testing.T, where, status string) bool {
	t.Helper()
	var n int
	if err := openDB(t, "pgx", where).QueryRow("SELECT count(*) FROM lastpresence_contacts WHERE position($1 in lastpresence_contacts::text) > 0", status).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 0
}

// TestWebchatDemo uses the embedded server, and draws the pages into the folder that
// LASTPRESENCE_PICTURES names, for people to look at.
func TestWebchatDemo(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("LASTPRESENCE_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	g := startWebchat(t, buildExample(t, "webchat"), os.DevNull)
	juliet := newTab(t, chromium(t), "en")
	shoot := func(name string) {
		for _, width := range []int64{1280, 390} {
			for _, dark := range []bool{false, true} {
				juliet.size(width, 720, dark)
				juliet.is("document.documentElement.scrollWidth <= innerWidth", "true")
				file := filepath.Join(dir, fmt.Sprintf("%s-%d-%t.png", name, width, dark))
				if err := os.WriteFile(file, juliet.picture(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	juliet.visit(g.url)
	shoot("login")
	juliet.logIn(g.url, suite.Juliet.String(), "wherefore")
	for _, contact := range []string{"nurse@capulet.lit", "laurence@montague.lit", "benvolio@montague.lit"} {
		juliet.open(contact)
		juliet.await(head)
		juliet.visit(g.url)
	}
	juliet.open("benvolio@montague.lit")
	juliet.say("Good morrow, cousin.")
	juliet.visit(g.url)
	juliet.await(".unread:not([hidden])", "1")
	shoot("list")
	juliet.size(1280, 720, false)
	juliet.open(suite.Romeo.String())
	juliet.say("O Romeo, Romeo, wherefore art thou Romeo?")
	juliet.await(".failed", "not delivered")
	shoot("chat")
	juliet.size(1280, 720, false)
	juliet.open("benvolio@montague.lit")
	shoot("talk")
}

func bodyElement(text string) xml.TokenReader {
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(text)), xml.StartElement{Name: xml.Name{Local: "body"}})
}
