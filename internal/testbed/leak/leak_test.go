package leak

import (
	"bytes"
	"testing"
)

func TestGoroutinesAreFoundUntilTheyEnd(t *testing.T) {
	started, stop := make(chan struct{}), make(chan struct{})
	go waits(started, stop)
	<-started
	if left := leftBehind(0); len(left) != 1 || !bytes.Contains(left[0], []byte("waits")) {
		t.Errorf("found %q", left)
	}
	close(stop)
	if left := leftBehind(patience); len(left) != 0 {
		t.Errorf("still found %q", left)
	}
}

func waits(started, stop chan struct{}) {
	close(started)
	<-stop
}
