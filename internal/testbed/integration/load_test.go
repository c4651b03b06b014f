package integration_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
)

// visit is a user's browser, without a screen.
type visit struct {
	user   int
	cookie *http.Cookie
	stop   context.CancelFunc // ends the stream of events
}

// load is many users on one gateway.
type load struct {
	*testing.T
	*gateway
	transport *http.Transport
	streams   sync.WaitGroup
	told      atomic.Int64 // events
}

func (l *load) request(v *visit, method, path string, form url.Values) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(l.Context(), patience)
	r, err := http.NewRequestWithContext(ctx, method, l.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		cancel()
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.cookie != nil {
		r.AddCookie(v.cookie)
	}
	answer, err := l.transport.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	cancel()
	return answer, err
}

// come logs a user in, and listens to its events.
func (l *load) come(user int) (*visit, error) {
	v := &visit{user: user}
	answer, err := l.request(v, "POST", "login", url.Values{"address": {fmt.Sprintf("user%d@capulet.lit", user)}, "password": {integration.Password}})
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) != 1 {
		return nil, fmt.Errorf("user %d logs in: %s", user, answer.Status)
	}
	v.cookie = answer.Cookies()[0]
	ctx, stop := context.WithCancel(l.Context())
	v.stop = stop
	l.streams.Go(func() {
		r, _ := http.NewRequestWithContext(ctx, "GET", l.url+"events", nil)
		r.AddCookie(v.cookie)
		answer, err := l.transport.RoundTrip(r)
		if err != nil {
			return
		}
		defer answer.Body.Close()
		lines := bufio.NewScanner(answer.Body)
		for lines.Buffer(nil, 1<<20); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data: ") {
				l.told.Add(1)
			}
		}
	})
	return v, nil
}

func (l *load) leave(v *visit) {
	v.stop()
	_, _ = l.request(v, "POST", "logout", url.Values{})
}

// open opens the chat with one of the user's contacts, and returns how long the page
// took.
func (l *load) open(v *visit, n int) (time.Duration, error) {
	contact := fmt.Sprintf("contact%d@montague.lit", (v.user*loadEach+n)%loadContacts)
	began := time.Now()
	answer, err := l.request(v, "GET", "?"+url.Values{"with": {contact}}.Encode(), nil)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("open %s: %s", contact, answer.Status)
	}
	return time.Since(began), err
}

// buckets are those of the metric with the times of openings.
type buckets map[float64]float64

func (l *load) buckets(from string) buckets {
	found := make(buckets)
	prefix := `webchat_open_seconds_bucket{from="` + from + `",le="`
	for s := range strings.SplitSeq(l.metric(prefix), "\n") {
		bound, count, ok := strings.Cut(strings.TrimPrefix(s, prefix), `"} `)
		if le, err := strconv.ParseFloat(bound, 64); ok && err == nil {
			found[le], _ = strconv.ParseFloat(count, 64)
		}
	}
	return found
}

// since returns what happened since others were counted.
func (b buckets) since(before buckets) buckets {
	between := make(buckets)
	for le, n := range b {
		between[le] = n - before[le]
	}
	return between
}

// quantile returns within which time so large a share was answered.
func (b buckets) quantile(share float64) time.Duration {
	bounds := slices.Sorted(maps.Keys(b))
	want := share * b.count()
	below, last := 0.0, 0.0
	for _, le := range bounds {
		if n := b[le]; n >= want && n > last {
			return time.Duration((below + (le-below)*(want-last)/(n-last)) * float64(time.Second))
		}
		below, last = le, b[le]
	}
	return 0
}

func (b buckets) count() (n float64) {
	for _, below := range b {
		n = max(n, below)
	}
	return n
}

// String returns how often was asked, and how long it took.
func (b buckets) String() string {
	return fmt.Sprintf("asked %.0f times, median %v, 99th percentile %v", b.count(), b.quantile(0.5), b.quantile(0.99))
}

func (l *load) value(name string) float64 {
	l.Helper()
	s := l.metric(name + " ")
	v, err := strconv.ParseFloat(strings.TrimPrefix(s, name+" "), 64)
	if err != nil {
		l.Fatalf("%q: %v", s, err)
	}
	return v
}
