//go:build !(aix || darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package durable

// SyncDir has the names in a folder reach the disk, where folders can be
// flushed.
func SyncDir(string) error { return nil }
