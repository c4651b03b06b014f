package world

import (
	"testing"

	"example.org/lastpresence/roster"
)

// PlayLying plays a story in which what the Cache says is changed before it is
// looked at.
func PlayLying(t *testing.T, s Story, lie func(*roster.Contact)) Verdict {
	return Play(t, Lying(s, lie), true)
}

// Lying returns a story in which what the Cache says is changed so.
func Lying(s Story, lie func(*roster.Contact)) Story {
	s.lie = lie
	return s
}
