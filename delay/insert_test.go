package delay_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func TestInsertLeavesNoElementOpenForADelayThatCannotBeWritten(t *testing.T) {
	d := delay.Delay{Stamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	r := delay.Insert(d)(xml.NewDecoder(strings.NewReader("<presence/>")))
	if tok, err := r.Token(); tok != nil || !errors.Is(err, delay.ErrRange) {
		t.Errorf("got %v, %v; want ErrRange alone", tok, err)
	}
}
