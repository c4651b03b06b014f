//go:build !(aix || darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package durable

// SyncDir flushes the names in a folder to the disk, on systems that can flush
// folders.
func SyncDir(string) error { return nil }
