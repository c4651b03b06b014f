package integration_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
)

// holding says, in the environment of a copy of the tests, how it shall end.
const holding = "LASTPRESENCE_TEST_ENDING"

// TestHold is the body of that copy: it starts both servers, says so, and ends
// when its input does.
func TestHold(t *testing.T) {
	ending := os.Getenv(holding)
	if ending == "" {
		t.Skip("run by TestServersEndWithTheTests")
	}
	integration.StartProsody(t, integration.Stock)
	integration.StartEjabberd(t)
	fmt.Println("holding")
	_, _ = io.Copy(io.Discard, os.Stdin)
	switch ending {
	case "panic":
		panic("as asked")
	case "panic elsewhere":
		go panic("as asked")
		select {}
	}
}

func TestServersEndWithTheTests(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	for _, kind := range []string{"prosody", "ejabberd"} {
		if what := integration.Missing(kind); what != "" && os.Getenv("LASTPRESENCE_REQUIRE_SERVERS") != "1" {
			t.Skip(what)
		}
	}
	for _, tc := range []struct {
		ending string
		tidy   bool // the temporary folders are removed too
	}{
		{"return", true},
		{"panic", true},
		{"panic elsewhere", false},
		{"kill", false},
	} {
		t.Run(tc.ending, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			started := hold(t, tc.ending, temp)
			if len(started) < 2 {
				t.Errorf("only %d processes were started", len(started))
			}
			for _, p := range started {
				waitGone(t, p)
			}
			left, err := os.ReadDir(temp)
			if err != nil {
				t.Fatal(err)
			}
			if tc.tidy && len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// hold runs the copy until it has ended, and returns the processes it started.
func hold(t *testing.T, ending, temp string) []process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHold$", "-test.v")
	cmd.Env = append(os.Environ(), holding+"="+ending, "TMPDIR="+temp)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines, ready := bufio.NewScanner(out), false
	for !ready && lines.Scan() {
		ready = strings.HasSuffix(lines.Text(), "holding")
	}
	started := descendants(t, cmd.Process.Pid)
	if ending == "kill" {
		_ = cmd.Process.Kill()
	}
	_ = in.Close()
	for lines.Scan() {
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !ready || err != nil && !errors.As(err, &exit) || (ending == "return") != (err == nil) {
		t.Fatalf("the copy (ready: %v) ended with: %v", ready, err)
	}
	return started
}

// process tells a process from a later one with the same number.
type process struct {
	pid   int
	birth string
}

// look reads a process' parent and state, or says that it is gone.
func look(pid int) (p process, parent int, running bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, 0, false
	}
	// The name, in parentheses, may contain anything.
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	parent, _ = strconv.Atoi(f[1])
	return process{pid, f[19]}, parent, f[0] != "Z" && f[0] != "X"
}

// descendants returns the processes below one.
func descendants(t *testing.T, root int) []process {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	children := make(map[int][]process)
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, parent, running := look(pid); running {
				children[parent] = append(children[parent], p)
			}
		}
	}
	var all []process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range children[queue[0]] {
			all, queue = append(all, p), append(queue, p.pid)
		}
	}
	return all
}

func waitGone(t *testing.T, p process) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now, _, running := look(p.pid)
		if !running || now != p {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", p.pid)
		}
	}
}
