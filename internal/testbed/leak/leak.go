// Package leak finds goroutines that tests leave behind.
package leak

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"
)

// patience is how long goroutines may take to end.
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

// Check fails a test that leaves goroutines behind that run code of this
// module. Call it before starting what has to end. It works only in tests that
// run one at a time.
func Check(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if left := leftBehind(patience); len(left) > 0 && !t.Failed() {
			t.Errorf("%d goroutines are left behind:\n\n%s", len(left), bytes.Join(left, []byte("\n\n")))
		}
	})
}

// leftBehind returns the stacks of the module's goroutines but those of tests,
// once there are none or patience is over.
func leftBehind(patience time.Duration) [][]byte {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := stacks()
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// tests are what runs tests, benchmarks and fuzz targets.
var tests = regexp.MustCompile(`testing\.(tRunner|fRunner|\(\*B\)\.\w+)\(`)

func stacks() (ours [][]byte) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	// The first is the caller's.
	for _, stack := range bytes.Split(buf, []byte("\n\n"))[1:] {
		if tests.Match(stack) {
			continue
		}
		if bytes.Contains(stack, []byte("example.org/lastpresence")) || bytes.Contains(stack, []byte("mellium.im/xmpp")) {
			ours = append(ours, stack)
		}
	}
	return ours
}
