// Package fault provides a network that fails, for tests: a proxy on loopback
// that cuts, stalls, slows and delays what passes through it.
package fault

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Action is what happens to a connection.
type Action uint8

// The actions. The zero value is Pass.
const (
	Pass      Action = iota // nothing
	Reset                   // both sides are reset
	Close                   // both sides are closed
	HalfClose               // this direction is closed, the other goes on
	Stall                   // nothing more passes in this direction
)

// String returns the action in lower case.
func (a Action) String() string {
	return [...]string{"pass", "reset", "close", "half-close", "stall"}[a]
}

// Stream is what happens to one direction of a connection.
type Stream struct {
	Action Action
	After  int           // bytes that pass before Action
	Chunk  int           // bytes that pass at a time; 0: as they come
	Pause  time.Duration // before each chunk
	Lag    time.Duration // how long the way takes, whatever is on it already
}

// Plan is what happens to both directions of a connection.
type Plan struct {
	Up, Down Stream
}

// String describes the plan.
func (p Plan) String() string {
	return fmt.Sprintf("up: %s after %d bytes, %d at a time each %v; down: %s after %d bytes, %d at a time each %v",
		p.Up.Action, p.Up.After, p.Up.Chunk, p.Up.Pause, p.Down.Action, p.Down.After, p.Down.Chunk, p.Down.Pause)
}

// Random returns a random plan whose action happens within the given number of
// bytes.
func Random(r *rand.Rand, bytes int) Plan {
	stream := func() Stream {
		s := Stream{Action: Action(r.IntN(int(Stall) + 1)), After: r.IntN(bytes)}
		switch r.IntN(3) {
		case 0:
			s.Chunk, s.Pause = 1, time.Duration(r.IntN(200))*time.Microsecond
		case 1:
			s.Chunk, s.Pause = 1+r.IntN(100), time.Duration(r.IntN(20))*time.Millisecond
		}
		return s
	}
	switch r.IntN(3) {
	case 0:
		return Plan{Up: stream()}
	case 1:
		return Plan{Down: stream()}
	}
	return Plan{Up: stream(), Down: stream()}
}

// Proxy passes connections on to a server. Make one with New.
type Proxy struct {
	l      net.Listener
	server string
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[*Conn]struct{}
	last  *Conn
}

// New returns a Proxy on a free port of the loopback interface.
func New(server string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{l: l, server: server, conns: make(map[*Conn]struct{})}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr returns where the Proxy listens.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// Last returns the latest connection, nil if there was none.
func (p *Proxy) Last() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Close ends every connection and waits for every goroutine. It always returns
// nil.
func (p *Proxy) Close() error {
	_ = p.l.Close()
	p.mu.Lock()
	for c := range p.conns {
		c.end(false)
	}
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}

func (p *Proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		c := &Conn{client: client.(*net.TCPConn), server: server.(*net.TCPConn), over: make(chan struct{})}
		p.mu.Lock()
		p.conns[c], p.last = struct{}{}, c
		p.mu.Unlock()
		p.wg.Go(func() {
			c.run()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		})
	}
}

// Conn is a connection through a Proxy. Nothing happens to it before Arm.
type Conn struct {
	client, server *net.TCPConn
	armed          atomic.Pointer[armed]
	passed         [2]atomic.Int64
	once           sync.Once
	ways           sync.WaitGroup
	over           chan struct{}
}

// armed is a plan and what had passed when it began.
type armed struct {
	Plan
	began [2]int64
}

// Arm starts a plan.
func (c *Conn) Arm(p Plan) {
	c.armed.Store(&armed{p, [2]int64{c.passed[0].Load(), c.passed[1].Load()}})
}

// Passed returns how many bytes have passed in each direction.
func (c *Conn) Passed() (up, down int) {
	return int(c.passed[0].Load()), int(c.passed[1].Load())
}

func (c *Conn) run() {
	var wg sync.WaitGroup
	wg.Go(func() { c.pass(0, c.client, c.server) })
	wg.Go(func() { c.pass(1, c.server, c.client) })
	wg.Wait()
	c.end(false)
	c.ways.Wait()
}

// end ends both sides. With reset, data that have not been sent are lost.
func (c *Conn) end(reset bool) {
	c.once.Do(func() {
		if reset {
			_ = c.client.SetLinger(0)
			_ = c.server.SetLinger(0)
		}
		_ = c.client.Close()
		_ = c.server.Close()
		close(c.over)
	})
}

// stream returns what becomes of a direction, and how many bytes may still pass
// before its action, -1 for all.
func (c *Conn) stream(direction int) (s Stream, left int) {
	a := c.armed.Load()
	if a == nil {
		return Stream{}, -1
	}
	s = a.Up
	if direction == 1 {
		s = a.Down
	}
	if s.Action == Pass {
		return s, -1
	}
	return s, max(s.After-int(c.passed[direction].Load()-a.began[direction]), 0)
}

func (c *Conn) pass(direction int, from, to *net.TCPConn) {
	w := way{conn: c, to: to}
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			s, left := c.stream(direction)
			if left == 0 {
				c.act(s.Action, to)
				return
			}
			chunk := rest
			if s.Chunk > 0 {
				chunk = chunk[:min(len(chunk), s.Chunk)]
			}
			if left > 0 {
				chunk = chunk[:min(len(chunk), left)]
			}
			if s.Pause > 0 {
				select {
				case <-time.After(s.Pause):
				case <-c.over:
					return
				}
			}
			if err := w.send(chunk, s.Lag); err != nil {
				c.end(false)
				return
			}
			c.passed[direction].Add(int64(len(chunk)))
			rest = rest[len(chunk):]
		}
		if err == io.EOF {
			w.end()
			return
		}
		if err != nil {
			c.end(false)
			return
		}
	}
}

func (c *Conn) act(a Action, to *net.TCPConn) {
	switch a {
	case Reset:
		c.end(true)
	case Close:
		c.end(false)
	case HalfClose:
		_ = to.CloseWrite()
	case Stall:
		<-c.over
	}
}
