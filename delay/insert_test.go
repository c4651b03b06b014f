package delay_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"example.org/lastpresence/delay"
)

func TestInsertLeavesNoElementOpenForADelayThatCannotBeWritten(t *testing.T) {
	r := delay.Insert(delay.Delay{})(xml.NewDecoder(strings.NewReader("<presence/>")))
	if tok, err := r.Token(); tok != nil || !errors.Is(err, delay.ErrNoStamp) {
		t.Errorf("got %v, %v; want ErrNoStamp alone", tok, err)
	}
}
