package leak

import (
	"bytes"
	"testing"
	"time"
)

func TestGoroutinesAreFoundUntilTheyEnd(t *testing.T) {
	stop := make(chan struct{})
	go waits(stop)
	for deadline := time.Now().Add(patience); len(stacks()) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if left := leftBehind(0); len(left) != 1 || !bytes.Contains(left[0], []byte("waits")) {
		t.Errorf("found %q", left)
	}
	close(stop)
	if left := leftBehind(patience); len(left) != 0 {
		t.Errorf("still found %q", left)
	}
}

func waits(stop chan struct{}) { <-stop }
