package probe

// Stats counts what a Client has done.
type Stats struct {
	Sent       uint64 // probes sent
	Joined     uint64 // calls that joined a probe under way
	CoolDown   uint64 // calls refused with ErrCoolDown
	OverBudget uint64 // calls refused with ErrBudget
	Failed     uint64 // probes that ended because the session failed or was closed

	// Probes that ended, by outcome.
	Available, Unavailable, Unauthorized, Error, Unanswered uint64
}

// Stats returns the counts since NewClient. A Client that continues another one
// counts on from there; see [Continue].
func (c *Client) Stats() Stats {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return c.ledger.stats
}

func (s *Stats) count(o Outcome) {
	switch o {
	case Available:
		s.Available++
	case Unavailable:
		s.Unavailable++
	case Unauthorized:
		s.Unauthorized++
	case Error:
		s.Error++
	default:
		s.Unanswered++
	}
}
