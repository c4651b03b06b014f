package main

import (
	"testing"

	"example.org/lastpresence/internal/testbed/leak"
)

// TestMain fails the package if its tests leave goroutines behind.
func TestMain(m *testing.M) { leak.Main(m) }
