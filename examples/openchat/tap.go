package main

import (
	"io"
	"net"
	"strings"
	"sync"
)

// tap stands between client and server and keeps what passes.
type tap struct {
	server string
	l      net.Listener
	wg     sync.WaitGroup

	mu    sync.Mutex
	lines []string
}

func newTap(server string) *tap { return &tap{server: server} }

func (t *tap) addr() string { return t.l.Addr().String() }

// listen accepts one client and passes everything on both ways.
func (t *tap) listen() (err error) {
	if t.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		client, err := t.l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", t.server)
		if err != nil {
			return
		}
		t.wg.Add(1)
		go func() {
			defer t.wg.Done()
			defer client.Close()
			t.copy(client, server, "<-")
		}()
		defer server.Close()
		t.copy(server, client, "->")
	}()
	return nil
}

func (t *tap) copy(to io.Writer, from io.Reader, arrow string) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		t.mu.Lock()
		for _, stanza := range split(string(buf[:n])) {
			t.lines = append(t.lines, arrow+" "+shorten(stanza))
		}
		t.mu.Unlock()
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (t *tap) close() {
	_ = t.l.Close()
	t.wg.Wait()
}

// take returns what has passed since it was called last.
func (t *tap) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	t.lines = nil
	return lines
}

// split cuts what passed in one piece into stanzas, as far as a demo needs it.
func split(s string) []string {
	var stanzas []string
	for {
		i := strings.LastIndex(s, "<iq")
		if i <= 0 {
			break
		}
		stanzas = append([]string{s[i:]}, stanzas...)
		s = s[:i]
	}
	return append([]string{s}, stanzas...)
}

// shorten leaves out what a reader of the demo does not need.
func shorten(s string) string {
	for _, ns := range []string{` xmlns="jabber:client"`, ` to='juliet@capulet.lit/balcony'`} {
		s = strings.ReplaceAll(s, ns, "")
	}
	s = strings.NewReplacer(`"`, `'`, "&#39;", "'").Replace(s)
	for {
		i := strings.Index(s, ` id='`)
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i+5:], '\'')
		if j < 0 {
			break
		}
		s = s[:i] + s[i+5+j+1:]
	}
	return strings.NewReplacer("'></presence>", "'/>", "'></query>", "'/>").Replace(s)
}
