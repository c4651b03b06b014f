// Package testbed is the roof of the house: beneath it lies all that tests
// stand on, and nothing that a client links. Its own tests hold the house to
// its plan: imports run downward only, and ARCHITECTURE.md shows the folders
// that exist.
package testbed
