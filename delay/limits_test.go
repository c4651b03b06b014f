package delay_test

import (
	"testing"

	"example.org/lastpresence/delay"
)

// Callers rely on the limit: a larger one takes more memory of theirs, and a
// smaller one loses what peers send.
func TestTheLimitOfAReasonStaysAsItIs(t *testing.T) {
	if delay.MaxReason != 1024 {
		t.Errorf("MaxReason is %d", delay.MaxReason)
	}
}
