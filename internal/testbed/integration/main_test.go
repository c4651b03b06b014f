package integration_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package if its tests leave goroutines behind. They run in
// parallel, since they wait for servers more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "6")
	goleak.VerifyTestMain(m)
}
