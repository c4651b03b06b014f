package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// lockedBuffer keeps what a program prints.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// wait waits until a text was printed.
func (b *lockedBuffer) wait(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		s := ansi.Strip(b.b.String())
		b.mu.Unlock()
		if strings.Contains(s, text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q never came in\n%s", text, s)
		}
	}
}

// inTerminal runs the built program in a pseudo-terminal, as a user has it.
func inTerminal(t *testing.T, args ...string) (cmd *exec.Cmd, tty io.Writer, screen *lockedBuffer) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "chat")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd = exec.Command(program, args...)
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color", "XMPP_PASSWORD=")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	screen = new(lockedBuffer)
	go func() { _, _ = io.Copy(screen, f) }()
	return cmd, f, screen
}

func TestThePasswordIsAskedForWithoutEcho(t *testing.T) {
	cmd, tty, screen := inTerminal(t, "-jid", "juliet@capulet.lit", "-addr", "127.0.0.1:1", "-store", t.TempDir())
	screen.wait(t, "Password of juliet@capulet.lit: ")
	if _, err := io.WriteString(tty, "swordfish\r"); err != nil {
		t.Fatal(err)
	}
	screen.wait(t, "not connected: connection refused by 127.0.0.1:1")
	if _, err := io.WriteString(tty, "\x11"); err != nil { // ctrl+q
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	screen.mu.Lock()
	defer screen.mu.Unlock()
	if s := screen.b.String(); strings.Contains(s, "swordfish") {
		t.Errorf("the password is on the screen:\n%s", s)
	}
}

func TestChatInATerminal(t *testing.T) {
	cmd, tty, screen := inTerminal(t)
	screen.wait(t, "Friar Laurence")
	screen.wait(t, "Part, fools!")
	// Down to the end of the list, where Romeo is.
	for _, keys := range []string{"\x1b[B", "\x1b[B", "\x1b[B", "\x1b[B", "\x1b[B", "\r"} {
		if _, err := io.WriteString(tty, keys); err != nil {
			t.Fatal(err)
		}
	}
	screen.wait(t, "last seen 10 minutes ago")
	screen.wait(t, "Out of battery.")
	if _, err := io.WriteString(tty, "\x11"); err != nil { // ctrl+q
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		t.Fatal("it did not quit")
	}
}

func TestPictureIsDrawnFromARun(t *testing.T) {
	var b strings.Builder
	if err := picture(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg ", "last seen 10 minutes ago", "Out of battery.", "probes sent: 2", "</svg>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
