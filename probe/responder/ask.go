package responder

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmlstream"

	"example.org/lastpresence/internal/wire/request"
)

const (
	// poll is how often the Responder checks whether the session has ended.
	poll = time.Second
	// lateness is how long a call may take after the end of its context.
	lateness = time.Second
	// maxWait is how long a lookup may wait for its pace.
	maxWait = 10 * time.Minute
)

// contact queues a question about a contact. If the queue does not take it, contact
// answers it at once, in the session's own goroutine.
func (r *Responder) contact(t xmlstream.TokenWriter, q question) error {
	var answer xml.TokenReader
	switch r.queue.add(q) {
	case full:
		answer = q.tryLater()
	case timedOut:
		answer = q.failed()
	}
	if answer == nil {
		return nil
	}
	return request.Copy(t, answer)
}

// result is what the gateway's functions returned.
type result struct {
	subscribed bool
	wait       time.Duration // before the function is called
	presence   Presence
	err        error
}

// lookUp answers the questions of a lookup, in a goroutine of its own.
func (r *Responder) lookUp(l *lookup) {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.timeout)
	defer cancel()
	r.wg.Go(func() {
		defer cancel()
		r.waitForEnd(ctx)
	})
	r.queue.calling(l)
	late := time.AfterFunc(r.cfg.timeout+lateness, func() { r.begin(func() { r.giveUp(l) }) })
	found := r.call(ctx, l)
	late.Stop()
	switch {
	case !r.queue.returned(l):
	case found.wait > 0 && found.wait <= maxWait:
		queries := r.queue.postpone(l, found.wait, r.cfg.timeout)
		time.AfterFunc(found.wait, func() { r.queue.resume(l) })
		r.send(answers(queries, question.tryLater)...)
		return
	default:
		r.reply(l, found)
	}
	r.queue.finish(l)
}

// giveUp answers the questions of a lookup whose call does not return.
func (r *Responder) giveUp(l *lookup) {
	if questions := r.queue.timeOut(l); len(questions) > 0 {
		r.fail(fmt.Errorf("responder: presence of %s for %s: the gateway's functions did not return within %v", l.asked, l.from, r.cfg.timeout+lateness))
		r.send(answers(questions, question.failed)...)
	}
}

// call calls the gateway's functions.
func (r *Responder) call(ctx context.Context, l *lookup) (f result) {
	err := guard("the gateway's function", func() error {
		f.subscribed = r.cfg.subscribed != nil && r.cfg.subscribed(l.from.Bare(), l.asked.Bare())
		if !f.subscribed {
			return nil
		}
		if !l.paced {
			if f.wait = r.subscribers.reserve(l.from, l.asked, time.Now()); f.wait > 0 {
				return nil
			}
		}
		var err error
		f.presence, err = r.cfg.presence(ctx, l.from, l.asked.Bare())
		return err
	})
	f.err = err
	return f
}

// reply answers the questions of a lookup.
func (r *Responder) reply(l *lookup, found result) {
	questions := r.queue.takeQuestions(l)
	answer := question.failed
	switch {
	case errors.Is(found.err, ErrNotAuthorized):
		answer = question.forbidden
	case errors.Is(found.err, ErrNoSuchContact):
		answer = question.notFound
	case found.err != nil:
		r.fail(fmt.Errorf("responder: presence of %s for %s: %w", l.asked, l.from, found.err))
	case !found.subscribed:
		answer = func(q question) xml.TokenReader {
			if !r.pace.allow(q.prober, time.Now()) {
				return q.tryLater()
			}
			return q.forbidden()
		}
	case found.wait > 0:
		answer = question.tryLater
	default:
		p, err := found.presence.check(time.Now())
		if err != nil {
			r.fail(fmt.Errorf("responder: presence of %s for %s: %w", l.asked, l.from, err))
		}
		answer = func(q question) xml.TokenReader { return q.known(p) }
	}
	if found.subscribed && found.wait == 0 {
		// All are answered now. Later ones wait the longer.
		count := len(questions) * (1 + len(found.presence.Status)/replySize)
		r.subscribers.spend(l.from, l.asked, len(questions)-1, count-1, time.Now())
	}
	r.send(answers(questions, answer)...)
}

// answers returns the answers to the questions, without those that are nil.
func answers(questions []question, answer func(question) xml.TokenReader) []xml.TokenReader {
	var stanzas []xml.TokenReader
	for _, q := range questions {
		if a := answer(q); a != nil {
			stanzas = append(stanzas, a)
		}
	}
	return stanzas
}

// waitForEnd blocks until the context or the session ends.
func (r *Responder) waitForEnd(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if r.look.Ended(ctx, r.s) {
				return
			}
		}
	}
}

// send writes stanzas from outside the session's own goroutine.
func (r *Responder) send(stanzas ...xml.TokenReader) {
	if len(stanzas) == 0 || r.ctx.Err() != nil {
		return
	}
	if err := request.Send(r.ctx, r.s, stanzas...); err != nil && r.ctx.Err() == nil {
		r.fail(fmt.Errorf("responder: answer: %w", err))
	}
}
