package probe

import "time"

// coolDown remembers which contacts were asked during the last period. Entries
// expire in the order of arrival.
type coolDown struct {
	period time.Duration
	asked  map[string]time.Time
	queue  []string
}

// ready reports whether the contact may be asked, and drops entries that have
// expired.
func (c *coolDown) ready(key string, now time.Time) bool {
	for len(c.queue) > 0 {
		first := c.queue[0]
		if at, ok := c.asked[first]; ok && now.Sub(at) < c.period {
			break
		}
		delete(c.asked, first)
		c.queue = c.queue[1:]
	}
	at, ok := c.asked[key]
	return !ok || now.Sub(at) >= c.period
}

func (c *coolDown) add(key string, now time.Time) {
	if c.asked == nil {
		c.asked = make(map[string]time.Time)
	}
	c.asked[key] = now
	c.queue = append(c.queue, key)
}

// remove forgets a contact whose probe failed, so that it may be asked again.
func (c *coolDown) remove(key string) {
	delete(c.asked, key)
}
