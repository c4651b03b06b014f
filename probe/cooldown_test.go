package probe

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

func TestCoolDownAppliesToOneContact(t *testing.T) {
	l := config{burst: 10, every: time.Second, coolDown: time.Minute}.ledger()
	for _, s := range []struct {
		name    string
		contact string
		at      time.Duration
		fails   bool // the session, after the probe
		want    error
	}{
		{"the first", "nurse", -5 * time.Second, false, nil},
		{"one whose probe fails", "romeo", 0, true, nil},
		{"another", "friar", time.Second, false, nil},
		{"the one whose probe failed, anew", "romeo", 50 * time.Second, false, nil},
		{"the other, before its time", "friar", 60 * time.Second, false, ErrCoolDown},
		{"the other, when its time is over", "friar", 62 * time.Second, false, nil},
		{"the one that was asked anew", "romeo", 63 * time.Second, false, ErrCoolDown},
	} {
		if err := l.send(s.contact, t0.Add(s.at)); !errors.Is(err, s.want) {
			t.Errorf("%s: %v, want %v", s.name, err, s.want)
		}
		if s.fails {
			l.failed(s.contact)
		}
	}
}

func TestNobodyIsRememberedForLongerThanTheCoolDown(t *testing.T) {
	for period, want := range map[time.Duration]int{time.Minute: 60, time.Second: 1, 0: 1, -time.Second: 1} {
		l := config{burst: 1000, every: time.Second, coolDown: period}.ledger()
		for i := range 500 {
			if err := l.send(strconv.Itoa(i), t0.Add(time.Duration(i)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if asked, queue := len(l.asked.asked), len(l.asked.queue); asked != want || queue != want {
			t.Errorf("of 500 contacts, one a second, %d and %d are remembered for %v, want %d", asked, queue, period, want)
		}
	}
}
