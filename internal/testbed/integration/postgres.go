package integration

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"example.org/lastpresence/internal/testbed/fault"
)

// Postgres is a PostgreSQL server that runs until its test ends.
type Postgres struct {
	url   string
	n     atomic.Int32
	run   func(t testing.TB, program string, args ...string)
	start func(t testing.TB)
	stop  func(how os.Signal)
}

// postgresFolder returns where Debian has the newest version's programs, "" for
// nowhere.
func postgresFolder() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// StartPostgres starts PostgreSQL on a free port of the loopback interface. If
// the test runs as root, which PostgreSQL refuses to do, it runs as the user
// postgres.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	if what := Missing("postgresql"); what != "" {
		lack(t, what)
	}
	bin := postgresFolder()
	dir, err := os.MkdirTemp("", "lastpresence-postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := unprivileged(t, dir)
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, program), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = as
		return cmd
	}
	p := &Postgres{run: func(t testing.TB, program string, args ...string) {
		t.Helper()
		if out, err := command(program, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", program, err, out)
		}
	}}
	data := filepath.Join(dir, "data")
	p.run(t, "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	port := freePort(t)
	p.url = fmt.Sprintf("postgres://test@127.0.0.1:%d/", port)
	var log strings.Builder
	var cmd *exec.Cmd
	p.start = func(t testing.TB) {
		t.Helper()
		cmd = command("postgres", "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", dir, "-F")
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(30 * time.Second)
		for command("pg_isready", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port)).Run() != nil {
			if time.Now().After(deadline) {
				t.Fatal("PostgreSQL does not start")
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	p.stop = func(how os.Signal) {
		_ = cmd.Process.Signal(how)
		_ = cmd.Wait()
	}
	p.start(t)
	t.Cleanup(func() {
		p.stop(syscall.SIGINT)
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return p
}

// unprivileged returns who owns dir now and runs PostgreSQL: the user postgres
// instead of root, and nil for whoever else runs the test.
func unprivileged(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// Crash ends the server as a failure of its machine does, and starts it once
// meanwhile returns.
func (p *Postgres) Crash(t testing.TB, meanwhile func()) {
	t.Helper()
	p.stop(syscall.SIGQUIT)
	meanwhile()
	p.start(t)
}

// Database creates an empty database, and returns its URL.
func (p *Postgres) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", p.n.Add(1))
	p.run(t, "createdb", "--maintenance-db="+p.url+"postgres", "-T", "template0", name)
	return p.url + name + "?sslmode=disable"
}

// Far is a database with a network between it and the client.
type Far struct {
	*sql.DB
	trips atomic.Int64
}

// Far opens a database as it is from a machine whose packets take half of rtt in
// each direction. The network is package fault's proxy.
func (p *Postgres) Far(t testing.TB, database string, rtt time.Duration) *Far {
	t.Helper()
	config, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := fault.New(net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
	if err != nil {
		t.Fatal(err)
	}
	far := new(Far)
	var one sync.Mutex
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		one.Lock()
		defer one.Unlock()
		before := proxy.Last()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", proxy.Addr())
		if err != nil {
			return nil, err
		}
		for proxy.Last() == before {
			time.Sleep(time.Millisecond)
		}
		way := fault.Stream{Pause: rtt / 2}
		proxy.Last().Arm(fault.Plan{Up: way, Down: way})
		return &counted{Conn: conn, trips: &far.trips}, nil
	}
	far.DB = stdlib.OpenDB(*config)
	t.Cleanup(func() {
		_ = far.DB.Close()
		_ = proxy.Close()
	})
	return far
}

// Trips returns how often the client has waited for an answer.
func (f *Far) Trips() int { return int(f.trips.Load()) }

// counted counts round trips: a trip begins with the first bytes that are
// written after some were read.
type counted struct {
	net.Conn
	trips  *atomic.Int64
	asking atomic.Bool
}

func (c *counted) Write(b []byte) (int, error) {
	if !c.asking.Swap(true) {
		c.trips.Add(1)
	}
	return c.Conn.Write(b)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.asking.Store(false)
	}
	return n, err
}
