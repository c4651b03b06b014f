// Package testbed and the packages below it serve tests only; nothing that a
// client links imports them. Its own tests check that imports run downward
// only, and that ARCHITECTURE.md shows the folders that exist.
package testbed
