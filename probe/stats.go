package probe

// Stats counts what a Client has done.
type Stats struct {
	Sent       uint64 // probes sent
	Joined     uint64 // calls that joined a probe under way
	CoolDown   uint64 // calls refused because the contact was asked a short time ago
	OverBudget uint64 // calls refused because too many probes were sent a short time ago
	Failed     uint64 // probes that a failing or closed session ended

	// Probes that ended, by outcome.
	Available, Unavailable, Unauthorized, Error, Unanswered uint64
}

// Stats returns the counts since the Client was made, or since the first of the
// Clients that it continues was made; see [Continue].
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
