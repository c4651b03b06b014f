package integration

import (
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds the start of a server.
const patience = 60 * time.Second

// start runs a server until the test ends, and waits until it accepts
// connections at all addresses. The kernel ends it with this process, however that ends.
// Its output, and the log where it has one, are shown if the test fails.
func start(t testing.TB, cmd *exec.Cmd, log string, addrs ...string) *process {
	t.Helper()
	output := log + ".out"
	f, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The signal comes with the end of the thread that started it.
		runtime.LockOSThread()
		defer close(ended)
		defer f.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	p := &process{cmd: cmd, ended: ended}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			show(t, log)
			show(t, output)
		}
	})
	for _, addr := range addrs {
		p.await(t, addr)
	}
	return p
}

// process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	ended <-chan struct{}
}

// processes are those that make up a server, the first one first.
type processes []*process

// await waits until the server accepts connections at addr.
func (p *process) await(t testing.TB, addr string) {
	t.Helper()
	p.retry(t, "does not listen at "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// retry waits until the server is ready for something, or fails the test with
// what is wrong.
func (p *process) retry(t testing.TB, wrong string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ready(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.ended:
			t.Fatalf("%s %s: it has ended", p.cmd.Path, wrong)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %s", p.cmd.Path, wrong)
		}
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func (ps processes) kill() {
	for _, p := range ps {
		p.kill()
	}
}

// stop asks the server to end, as an administrator does.
func (ps processes) stop() {
	for _, p := range ps {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		<-p.ended
	}
}

// show logs the end of a file.
func show(t testing.TB, file string) {
	const most = 4 << 10
	b, err := os.ReadFile(file)
	if err != nil {
		return
	}
	t.Logf("%s:\n%s", file, b[max(len(b)-most, 0):])
}

// The ports that servers are given: none that the kernel gives to connections,
// which could take one before its server does.
const (
	firstPort = 10_000
	lastPort  = 32_000
)

// ports gives each port once in a while.
var ports struct {
	sync.Mutex
	last int
}

// freePort returns a port of the loopback interface that was free just now, and
// that no other call was given.
func freePort(t testing.TB) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.last == 0 {
		ports.last = firstPort + rand.IntN(lastPort-firstPort) // other processes look for some, too
	}
	for range lastPort - firstPort {
		if ports.last++; ports.last > lastPort {
			ports.last = firstPort
		}
		if l, err := net.Listen("tcp", loopback(ports.last)); err == nil {
			_ = l.Close()
			return ports.last
		}
	}
	t.Fatal("no port is free")
	return 0
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// waitFor waits until a server that has not ended makes a file.
func waitFor(t testing.TB, file string, ended <-chan struct{}) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server ended before it made %s", file)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never came", file)
		}
	}
}
