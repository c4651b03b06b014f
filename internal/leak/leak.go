// Package leak is for TestMain: it tells of goroutines that the tests of a
// package left behind.
package leak

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// patience is how long goroutines may take to end that are about to.
const patience = 5 * time.Second

// Main runs the tests, and fails them if a goroutine that runs code of this
// module is left afterwards.
func Main(m *testing.M) {
	code := m.Run()
	if left := leftBehind(patience); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "FAIL: %d goroutines are left behind:\n\n%s\n", len(left), bytes.Join(left, []byte("\n\n")))
		code = 1
	}
	os.Exit(code)
}

// leftBehind returns the stacks of the module's goroutines but the caller's,
// once they no longer become fewer.
func leftBehind(patience time.Duration) [][]byte {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := stacks()
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

func stacks() (ours [][]byte) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	// The first is the caller's.
	for _, stack := range bytes.Split(buf, []byte("\n\n"))[1:] {
		if bytes.Contains(stack, []byte("example.org/lastpresence")) || bytes.Contains(stack, []byte("mellium.im/xmpp")) {
			ours = append(ours, stack)
		}
	}
	return ours
}
