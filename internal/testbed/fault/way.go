package fault

import (
	"bytes"
	"net"
	"time"
)

// way takes what is written on one side to the other, in order. Once there was a
// lag, a goroutine does, which ends with the connection.
type way struct {
	conn   *Conn
	to     *net.TCPConn
	pieces chan piece
}

// piece is something under way: what is written at a time, or the end.
type piece struct {
	at   time.Time
	data []byte // nil: the end
}

// send has data arrive after the lag.
func (w *way) send(data []byte, lag time.Duration) error {
	if lag == 0 && w.pieces == nil {
		_, err := w.to.Write(data)
		return err
	}
	if w.pieces == nil {
		w.pieces = make(chan piece, 1<<10)
		w.conn.ways.Go(w.carry)
	}
	w.put(piece{time.Now().Add(lag), bytes.Clone(data)})
	return nil
}

// end has the end arrive behind what is under way.
func (w *way) end() {
	if w.pieces == nil {
		_ = w.to.CloseWrite()
		return
	}
	w.put(piece{at: time.Now()})
}

func (w *way) put(p piece) {
	select {
	case w.pieces <- p:
	case <-w.conn.over:
	}
}

func (w *way) carry() {
	for {
		select {
		case p := <-w.pieces:
			select {
			case <-time.After(time.Until(p.at)):
			case <-w.conn.over:
				return
			}
			if p.data == nil {
				_ = w.to.CloseWrite()
			} else if _, err := w.to.Write(p.data); err != nil {
				w.conn.end(false)
			}
		case <-w.conn.over:
			return
		}
	}
}
