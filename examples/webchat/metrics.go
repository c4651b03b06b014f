package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"example.org/lastpresence/probe"
)

// metrics are the numbers that Prometheus fetches.
type metrics struct {
	registry *prometheus.Registry

	logins     *prometheus.CounterVec   // by outcome
	reconnects prometheus.Counter       // sessions that were made again
	opening    *prometheus.HistogramVec // of chats, by where the answer was from
	messages   *prometheus.CounterVec   // by direction
	storing    *prometheus.HistogramVec // by operation
	failures   *prometheus.CounterVec   // of the store, by operation
}

func newMetrics() *metrics {
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		logins:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "webchat_logins_total", Help: "Login attempts."}, []string{"outcome"}),
		reconnects: prometheus.NewCounter(prometheus.CounterOpts{Name: "webchat_reconnects_total", Help: "XMPP reconnects."}),
		opening: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "webchat_open_seconds",
			Help: "Time until an opened chat's contact was known.", Buckets: prometheus.ExponentialBuckets(50e-6, 1.5, 32)}, []string{"from"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "webchat_messages_total", Help: "Messages with a body."}, []string{"direction"}),
		storing: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "webchat_store_seconds",
			Help: "Duration of store calls.", Buckets: prometheus.ExponentialBuckets(100e-6, 2, 18)}, []string{"operation"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "webchat_store_failures_total", Help: "Failed store calls."}, []string{"operation"}),
	}
	m.registry.MustRegister(m.logins, m.reconnects, m.opening, m.messages, m.storing, m.failures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, operation := range []string{"load", "save"} {
		m.failures.WithLabelValues(operation)
	}
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// stored measures a call of the store.
func (m *metrics) stored(operation string, call func() error) error {
	began := time.Now()
	err := call()
	m.storing.WithLabelValues(operation).Observe(time.Since(began).Seconds())
	if err != nil && !errors.Is(err, context.Canceled) {
		m.failures.WithLabelValues(operation).Inc()
	}
	return err
}

// The numbers that the gateway counts when it is asked.
var (
	sessionsDesc = prometheus.NewDesc("webchat_sessions", "Users who are logged in.", nil, nil)
	onlineDesc   = prometheus.NewDesc("webchat_connected_sessions", "Users whose XMPP session is up.", nil, nil)
	streamsDesc  = prometheus.NewDesc("webchat_streams", "Pages that are open in browsers.", nil, nil)
	contactsDesc = prometheus.NewDesc("webchat_contacts", "Contacts of the users who are logged in.", nil, nil)
	probesDesc   = prometheus.NewDesc("webchat_probes_total", "Probes that ended, by outcome.", []string{"outcome"}, nil)
	refusedDesc  = prometheus.NewDesc("webchat_probes_withheld_total", "Probes that were not sent, by reason.", []string{"reason"}, nil)
)

// Describe implements prometheus.Collector.
func (g *gateway) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sessionsDesc, onlineDesc, streamsDesc, contactsDesc, probesDesc, refusedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gateway) Collect(ch chan<- prometheus.Metric) {
	users, stats := g.all()
	var online, streams, contacts int
	for _, u := range users {
		up, n := u.counts()
		if up {
			online++
		}
		streams += n
		contacts += u.contacts.Len()
		stats = add(stats, u.stats())
	}
	gauge := func(d *prometheus.Desc, n int) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
	}
	gauge(sessionsDesc, len(users))
	gauge(onlineDesc, online)
	gauge(streamsDesc, streams)
	gauge(contactsDesc, contacts)
	count := func(d *prometheus.Desc, n uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
	count(probesDesc, stats.Available, "available")
	count(probesDesc, stats.Unavailable, "unavailable")
	count(probesDesc, stats.Unauthorized, "unauthorized")
	count(probesDesc, stats.Error, "error")
	count(probesDesc, stats.Unanswered, "unanswered")
	count(probesDesc, stats.Failed, "failed")
	count(refusedDesc, stats.CoolDown, "asked a moment ago")
	count(refusedDesc, stats.OverBudget, "budget")
}

func add(a, b probe.Stats) probe.Stats {
	a.Available += b.Available
	a.Unavailable += b.Unavailable
	a.Unauthorized += b.Unauthorized
	a.Error += b.Error
	a.Unanswered += b.Unanswered
	a.Failed += b.Failed
	a.CoolDown += b.CoolDown
	a.OverBudget += b.OverBudget
	return a
}
