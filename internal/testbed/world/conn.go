package world

import (
	"encoding/xml"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// conn is our client's connection. The server's side never waits for the client.
type conn struct {
	fromServer chan []byte
	rest       []byte
	gone       chan struct{}
	once       sync.Once
	toServer   *io.PipeWriter
}

// arrival is a stanza of the client's, or the end of its stream.
type arrival struct {
	conn *conn
	in   incoming
	end  bool
}

var errGone = errors.New("the connection is gone")

// newConn returns a connection whose stanzas from the client arrive in the inbox.
func newConn(inbox chan<- arrival) *conn {
	r, w := io.Pipe()
	c := &conn{fromServer: make(chan []byte, 4096), gone: make(chan struct{}), toServer: w}
	go func() {
		d := xml.NewDecoder(r)
		for {
			tok, err := d.Token()
			if err != nil {
				break
			}
			start, ok := tok.(xml.StartElement)
			if !ok {
				if _, ok := tok.(xml.EndElement); ok {
					break
				}
				continue
			}
			if start.Name.Local == "stream" {
				continue
			}
			var in incoming
			if d.DecodeElement(&in, &start) != nil {
				break
			}
			inbox <- arrival{conn: c, in: in}
		}
		inbox <- arrival{conn: c, end: true}
		_, _ = io.Copy(io.Discard, r)
	}()
	return c
}

func (c *conn) deliver(s string) { c.fromServer <- []byte(s) }

func (c *conn) hangUp() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.toServer.Close()
	})
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		select {
		case c.rest = <-c.fromServer:
		default:
			select {
			case c.rest = <-c.fromServer:
			case <-c.gone:
				return 0, io.EOF
			}
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	select {
	case <-c.gone:
		return 0, errGone
	default:
		return c.toServer.Write(b)
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.hangUp()
	return nil
}

type addr struct{}

func (addr) Network() string { return "story" }
func (addr) String() string  { return "story" }

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return addr{} }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return addr{} }

// SetDeadline implements net.Conn, and does nothing.
func (c *conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn, and does nothing.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn, and does nothing.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
