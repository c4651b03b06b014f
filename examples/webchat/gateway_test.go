package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// site is a gateway to the embedded server, on a server for HTTP.
type site struct {
	*testing.T
	*gateway
	url string
	log *strings.Builder
}

func newSite(t *testing.T, change func(*settings), store roster.Store) *site {
	t.Helper()
	set := settings{idle: time.Minute, sessions: 10, logins: 1000}
	if change != nil {
		change(&set)
	}
	d := newDemo()
	t.Cleanup(d.close)
	log := new(strings.Builder)
	m := newMetrics()
	if store != nil {
		store = measured{store, m}
	}
	g := newGateway(set, d.connect, store, m, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	web := httptest.NewServer(g.handler())
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		g.close()
	})
	return &site{t, g, web.URL, log}
}

// browser keeps cookies, and follows no redirections.
type browser struct {
	*site
	cookies []*http.Cookie
	header  http.Header
}

func (s *site) browser() *browser { return &browser{site: s, header: http.Header{}} }

// do sends a request, with a form unless that is nil, and returns the answer with its
// body.
func (b *browser) do(method, path string, form url.Values) (*http.Response, string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header = b.header.Clone()
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	if got := answer.Cookies(); len(got) > 0 {
		b.cookies = got
	}
	return answer, string(body)
}

func (b *browser) logIn(address, password string) (*http.Response, string) {
	b.Helper()
	return b.do("POST", "/login", url.Values{"address": {address}, "password": {password}})
}

func TestLogInsAreRefusedInWords(t *testing.T) {
	for _, tt := range []struct {
		name, address, password string
		change                  func(*settings)
		status                  int
		want                    string
	}{
		{"right", demoUser, demoPassword, nil, http.StatusSeeOther, ""},
		{"right, with a resource", demoUser + "/mine", demoPassword, nil, http.StatusSeeOther, ""},
		{"wrong password", demoUser, "swordfish", nil, http.StatusUnauthorized, "Wrong password"},
		{"no such account", "nobody@capulet.lit", demoPassword, nil, http.StatusUnauthorized, "Wrong password"},
		{"no address", "<b>juliet", demoPassword, nil, http.StatusBadRequest, "user@server"},
		{"a server", "capulet.lit", demoPassword, nil, http.StatusBadRequest, "user@server"},
		{"a long password", demoUser, strings.Repeat("x", 2000), nil, http.StatusUnauthorized, "Wrong password"},
		{"a form that is too large", demoUser, strings.Repeat("x", 100_000), nil, http.StatusBadRequest, "user@server"},
		{"another server", "juliet@example.org", demoPassword, func(set *settings) { set.domains = []string{"capulet.lit"} }, http.StatusForbidden, "Users of this server"},
		{"no room", demoUser, demoPassword, func(set *settings) { set.sessions = 0 }, http.StatusServiceUnavailable, "Too many users"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.change, nil)
			answer, body := s.browser().logIn(tt.address, tt.password)
			if answer.StatusCode != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d, want %d and %q in\n%s", answer.StatusCode, tt.status, tt.want, body)
			}
			if strings.Contains(body, "<b>") || strings.Contains(body, tt.password) && tt.password != demoPassword {
				t.Errorf("the page repeats what was typed:\n%s", body)
			}
		})
	}
}

func TestOtherSitesSendNoForms(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	b.logIn(demoUser, demoPassword)
	for name, header := range map[string]http.Header{
		"another site":             {"Sec-Fetch-Site": {"cross-site"}},
		"a neighbour":              {"Sec-Fetch-Site": {"same-site"}},
		"another origin":           {"Origin": {"https://evil.example"}},
		"an origin without a site": {"Origin": {"null"}},
	} {
		b.header = header
		for _, path := range []string{"/login", "/logout", "/send"} {
			if answer, _ := b.do("POST", path, url.Values{"with": {"romeo@montague.lit"}, "text": {"x"}}); answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %d", name, path, answer.StatusCode)
			}
		}
	}
	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	if answer, _ := b.do("POST", "/send", url.Values{"with": {"romeo@montague.lit"}, "text": {"x"}}); answer.StatusCode != http.StatusNoContent {
		t.Errorf("this site: %d", answer.StatusCode)
	}
}

func TestPagesCannotBeMadeToRunAnything(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|\son[a-z]+=|\sstyle=|javascript:`)
	for _, path := range []string{"/", "/login", "/", "/?with=romeo@montague.lit"} {
		answer, body := b.do("GET", path, nil)
		if path == "/login" {
			answer, body = b.logIn(demoUser, demoPassword)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, answer.Header)
		}
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s has %q, which the policy forbids", path, found)
		}
	}
}

func TestCookiesStayInTheirBrowser(t *testing.T) {
	for _, proxy := range []bool{false, true} {
		s := newSite(t, func(set *settings) { set.proxy = proxy }, nil)
		b := s.browser()
		b.cookies = []*http.Cookie{{Name: s.cookieName(), Value: "chosen-by-somebody-else"}}
		b.logIn(demoUser, demoPassword)
		c := b.cookies[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != proxy || len(c.Value) < 40 || strings.HasPrefix(c.Name, "__Host-") != proxy {
			t.Errorf("behind a proxy %t: %v", proxy, c)
		}
		first := b.cookies
		b.logIn(demoUser, demoPassword)
		if b.cookies[0].Value == first[0].Value {
			t.Error("logging in again keeps the cookie")
		}
		b.do("POST", "/logout", url.Values{})
		if _, body := b.do("GET", "/", nil); !strings.Contains(body, `name="password"`) {
			t.Error("still logged in")
		}
	}
}

func TestPasswordsCannotBeGuessed(t *testing.T) {
	s := newSite(t, func(set *settings) { set.proxy = true }, nil)
	from := func(address string) *browser {
		b := s.browser()
		b.header.Set(forwarded, address)
		return b
	}
	for range wrongPerMinute {
		from("192.0.2.1").logIn(demoUser, "swordfish")
	}
	if answer, body := from("192.0.2.2").logIn(demoUser, demoPassword); answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "wait a minute") {
		t.Errorf("an account, after %d wrong passwords: %d", wrongPerMinute, answer.StatusCode)
	}
	if answer, _ := from("192.0.2.1").logIn("romeo@montague.lit", demoPassword); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("another account: %d", answer.StatusCode)
	}
}

func TestAddressesOnTheNetworkAreLimited(t *testing.T) {
	s := newSite(t, func(set *settings) { set.proxy, set.logins = true, 2 }, nil)
	for i, tt := range []struct {
		from   string
		status int
	}{
		{"2001:db8:0:1::1", http.StatusSeeOther},
		{"2001:db8:0:1::2", http.StatusSeeOther},
		{"2001:db8:0:1::3", http.StatusTooManyRequests}, // the same user of the network
		{"2001:db8:0:2::1", http.StatusSeeOther},
		{"192.0.2.1", http.StatusSeeOther},
	} {
		b := s.browser()
		b.header.Set(forwarded, fmt.Sprintf("203.0.113.%d, %s", i, tt.from)) // the first is what the user says
		if answer, _ := b.logIn(demoUser, demoPassword); answer.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", tt.from, answer.StatusCode, tt.status)
		}
	}
}

func TestLimitsForgetThoseWhoTryNothing(t *testing.T) {
	l := limits{perMinute: 2}
	now := time.Now()
	l.wrong("juliet@capulet.lit", now)
	if l.forget(now); len(l.buckets) != 1 {
		t.Error("forgotten at once")
	}
	if l.forget(now.Add(time.Minute)); len(l.buckets) != 0 {
		t.Error("never forgotten")
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	b.logIn(demoUser, demoPassword)
	b.do("GET", "/?with=romeo@montague.lit", nil)
	b.do("GET", "/?with=romeo@montague.lit", nil)
	_, body := b.do("GET", "/metrics", nil)
	for _, want := range []string{
		"webchat_sessions 1", "webchat_contacts 5", `webchat_logins_total{outcome="accepted"} 1`,
		`webchat_open_seconds_count{from="network"} 1`, `webchat_open_seconds_count{from="memory"} 1`, `webchat_probes_total{outcome="unavailable"} 1`,
	} {
		if !strings.Contains(body, "\n"+want+"\n") {
			t.Errorf("there is no %q in\n%s", want, body)
		}
	}
	b.header.Set(forwarded, "192.0.2.1")
	if answer, _ := b.do("GET", "/metrics", nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("through a proxy: %d", answer.StatusCode)
	}
}

func TestUsersWithoutABrowserAreLoggedOut(t *testing.T) {
	s := newSite(t, func(set *settings) { set.idle = 200 * time.Millisecond }, nil)
	ctx, cancel := context.WithCancel(t.Context())
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		s.sweep(ctx)
	}()
	b := s.browser()
	b.logIn(demoUser, demoPassword)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if users, _ := s.all(); len(users) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the session is kept")
		}
	}
	cancel()
	<-swept
	if answer, _ := b.do("GET", "/events", nil); answer.StatusCode != http.StatusNoContent {
		t.Errorf("events: %d", answer.StatusCode)
	}
}

// broken is a store that fails.
type broken struct{ roster.Store }

func (broken) Load(context.Context, jid.JID) (roster.Saved, error) {
	return roster.Saved{}, errors.New("the disk is full")
}
func (broken) Save(context.Context, jid.JID, roster.Saved) error {
	return errors.New("the disk is full")
}

func TestAStoreThatFailsIsCountedAndDoneWithout(t *testing.T) {
	s := newSite(t, nil, broken{})
	b := s.browser()
	b.logIn(demoUser, demoPassword)
	if _, body := b.do("GET", "/?with=romeo@montague.lit", nil); !strings.Contains(body, "Out of battery") {
		t.Error(body)
	}
	b.do("POST", "/logout", url.Values{})
	_, body := b.do("GET", "/metrics", nil)
	for _, operation := range []string{"load", "save"} {
		if strings.Contains(body, `webchat_store_failures_total{operation="`+operation+`"} 0`) {
			t.Errorf("that it does not %s is not counted", operation)
		}
	}
}

func TestPasswordsAreNotLogged(t *testing.T) {
	s := newSite(t, nil, broken{})
	b := s.browser()
	b.logIn(demoUser, "swordfish")
	b.logIn(demoUser, demoPassword)
	b.do("POST", "/logout", url.Values{})
	if log := s.log.String(); log == "" || strings.Contains(log, "swordfish") || strings.Contains(log, demoPassword) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestWhatTheCommandLineSaysIsChecked(t *testing.T) {
	for _, tt := range []struct {
		args, want string
	}{
		{"", ""},
		{"-listen :8080", "passwords would travel in the clear"},
		{"-listen 192.0.2.1:80", "passwords would travel in the clear"},
		{"-listen :8080 -proxy", ""},
		{"-listen [::1]:8080", ""},
		{"-listen localhost:8080", ""},
		{"-domain capulet.lit,montague.lit", ""},
		{"-domain juliet@capulet.lit", "is not the name of a server"},
		{"-addr localhost", "want host:port"},
		{"-tls maybe", "-tls"},
		{"-logins 0", "more than nothing"},
	} {
		_, err := parse(strings.Fields(tt.args), io.Discard)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.want)
		}
	}
}
