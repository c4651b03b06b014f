// Package alone runs a test that changes what its whole process may do, such as
// how long files may be, in a process of its own.
package alone

import (
	"os"
	"os/exec"
	"testing"
)

const variable = "LASTPRESENCE_ALONE"

// Run reports whether the test is in a process of its own. If not, it starts one
// for the test, waits until that has ended, and fails the test if it failed.
func Run(t *testing.T) bool {
	t.Helper()
	if os.Getenv(variable) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
	return false
}
