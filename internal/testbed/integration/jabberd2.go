package integration

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver of jabberd2's database

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/suite"
)

// StartJabberd2 starts a jabberd2: the router, the session manager and the
// server of client connections, each a process of its own.
func StartJabberd2(t testing.TB) *Server {
	t.Helper()
	how := setup{}
	router, sessions, clients := need(t, "jabberd2-router", "jabberd2"), need(t, "jabberd2-sm", "jabberd2"), need(t, "jabberd2-c2s", "jabberd2")
	libs, err := filepath.Glob("/usr/lib/*/jabberd2")
	if err != nil || len(libs) == 0 {
		t.Fatal("jabberd2's own files are not where Debian puts them")
	}
	dir := t.TempDir()
	s := &Server{Name: "jabberd2", Addr: loopback(freePort(t)), Components: make(map[string]string), setup: how}
	// With TLS, a connection that a client ends can take others with it.
	s.plain = true
	s.occupy(t)
	inner := loopback(freePort(t))
	for _, c := range how.components() {
		s.Components[c.String()] = inner
	}
	jabberd2Data(t, filepath.Join(dir, "sqlite.db"), how)
	c := jabberd2Config{Server: s, dir: dir, libs: libs[0], inner: port(inner)}
	write(t, filepath.Join(dir, "users.xml"), fmt.Sprintf("<users><user><name>jabberd</name><secret>%s</secret></user></users>", Password))
	write(t, filepath.Join(dir, "filter.xml"), "<filter/>")
	write(t, filepath.Join(dir, "router.xml"), c.router())
	write(t, filepath.Join(dir, "sm.xml"), c.sessions())
	write(t, filepath.Join(dir, "c2s.xml"), c.clients())
	s.run = func(t testing.TB) processes {
		part := func(program, name string, addrs ...string) *process {
			config := filepath.Join(dir, name)
			return start(t, exec.Command(program, "-c", config+".xml"), config+".log", addrs...)
		}
		all := processes{part(router, "router", inner), part(sessions, "sm"), part(clients, "c2s", s.Addr)}
		all.awaitLogin(t, s)
		return all
	}
	s.processes = s.run(t)
	return s
}

// occupy opens connections that stay until the test ends, so that the next one
// gets no file descriptor that was free. jabberd2's parts name a session by its
// descriptor, and what they still tell each other of one that has just ended would
// end the next one that has it.
func (s *Server) occupy(t testing.TB) {
	var mu sync.Mutex
	var held []net.Conn
	s.before = func(ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		for range 2 {
			if conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr); err == nil {
				held = append(held, conn)
			}
		}
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range held {
			_ = conn.Close()
		}
	})
}

// awaitLogin waits until the parts have found each other.
func (ps processes) awaitLogin(t testing.TB, s *Server) {
	t.Helper()
	ps[0].retry(t, "lets nobody log in", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		session, err := s.Connect(ctx, suite.Mercutio)
		if err != nil {
			return false
		}
		_ = session.Conn().Close()
		return true
	})
}

// jabberd2Config writes the configuration: Debian's, with one's own addresses,
// names and folders, and without what has nothing to do with presence.
type jabberd2Config struct {
	*Server
	dir, libs string
	inner     string // the router's port
}

// common is what each part has.
func (c jabberd2Config) common(part string) string {
	return fmt.Sprintf("<id>%[1]s</id><pidfile>%[2]s/%[1]s.pid</pidfile><log type='file'><file>%[2]s/%[1]s.log</file></log>", part, c.dir)
}

// routed is how a part reaches the router.
func (c jabberd2Config) routed() string {
	return fmt.Sprintf("<router><ip>127.0.0.1</ip><port>%s</port><user>jabberd</user><pass>%s</pass><retry><init>30</init><lost>30</lost><sleep>1</sleep></retry></router>", c.inner, Password)
}

func (c jabberd2Config) database() string {
	return fmt.Sprintf("<sqlite><dbname>%s/sqlite.db</dbname><busy-timeout>2000</busy-timeout></sqlite>", c.dir)
}

func (c jabberd2Config) router() string {
	return fmt.Sprintf(`<router>%s
<local><ip>127.0.0.1</ip><port>%s</port><users>%s/users.xml</users><secret>%s</secret></local>
<io><max_fds>1024</max_fds></io>
<aci><acl type='all'><user>jabberd</user></acl><filter>%[3]s/filter.xml</filter></aci>
</router>`, c.common("router"), c.inner, c.dir, Password)
}

// chains are the modules of the session manager.
var chains = []struct{ id, modules string }{
	{"sess-start", "status"},
	{"sess-end", "status iq-last"},
	{"in-sess", "validate status privacy roster iq-ping disco offline presence deliver"},
	{"in-router", "session validate presence privacy"},
	{"out-router", "privacy"},
	{"pkt-sm", "iq-last iq-ping disco status presence"},
	{"pkt-user", "roster presence disco deliver offline iq-last"},
	{"pkt-router", "session disco"},
	{"user-load", "active roster privacy"},
	{"user-create", "active"},
	{"user-delete", "active offline privacy roster status iq-last"},
}

func (c jabberd2Config) sessions() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<sm>%s%s<local>", c.common("sm"), c.routed())
	for _, d := range c.domains() {
		fmt.Fprintf(&b, "<id>%s</id>", d)
	}
	fmt.Fprintf(&b, "</local>\n<storage><path>%[1]s</path><driver>sqlite</driver>%[2]s</storage>\n<modules><path>%[1]s</path>\n", c.libs, c.database())
	for _, chain := range chains {
		fmt.Fprintf(&b, "<chain id='%s'>", chain.id)
		for m := range strings.FieldsSeq(chain.modules) {
			fmt.Fprintf(&b, "<module>%s</module>", m)
		}
		b.WriteString("</chain>\n")
	}
	b.WriteString("</modules>\n<discovery><identity><category>server</category><type>im</type><name>Jabber IM server</name></identity></discovery>\n</sm>")
	return b.String()
}

func (c jabberd2Config) clients() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<c2s>%s%s<local>", c.common("c2s"), c.routed())
	for _, d := range c.domains() {
		fmt.Fprintf(&b, "<id realm='%[1]s'>%[1]s</id>", d)
	}
	fmt.Fprintf(&b, `<ip>127.0.0.1</ip><port>%s</port></local>
<io><max_fds>1024</max_fds><limits><stanzasize>65535</stanzasize></limits></io>
<authreg><path>%s</path><module>sqlite</module>
<mechanisms><sasl><plain/></sasl></mechanisms>
<ssl-mechanisms><sasl><plain/></sasl></ssl-mechanisms>
%s</authreg>
</c2s>`, port(c.Addr), c.libs, strings.Replace(c.database(), "</sqlite>", "<password_type><plaintext/></password_type></sqlite>", 1))
	return b.String()
}

// columns are those of jabberd2's tables, besides the owner and the number that
// each row has.
var columns = []struct{ table, columns string }{
	{"active", `"time" INTEGER NOT NULL DEFAULT 0`},
	{"logout", `"time" INTEGER NOT NULL DEFAULT 0`},
	{"roster-items", `"jid" TEXT NOT NULL, "name" TEXT, "to" BOOLEAN NOT NULL, "from" BOOLEAN NOT NULL, "ask" INTEGER NOT NULL`},
	{"roster-groups", `"jid" TEXT NOT NULL, "group" TEXT NOT NULL`},
	{"queue", `"xml" TEXT NOT NULL`},
	{"privacy-default", `"default" TEXT`},
	{"privacy-items", `"list" TEXT NOT NULL, "type" TEXT, "value" TEXT, "deny" BOOL, "order" INTEGER, "block" INTEGER`},
	{"status", `"status" TEXT NOT NULL, "show" TEXT, "last-login" INTEGER DEFAULT 0, "last-logout" INTEGER DEFAULT 0, "xml" TEXT`},
}

// jabberd2Data makes the database, with accounts and rosters.
func jabberd2Data(t testing.TB, file string, how setup) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.Exec(statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	do(`PRAGMA journal_mode = WAL`)
	do(`CREATE TABLE "authreg" ("username" TEXT NOT NULL, "realm" TEXT NOT NULL, "password" TEXT)`)
	for _, c := range columns {
		do(fmt.Sprintf(`CREATE TABLE %q ("collection-owner" TEXT NOT NULL, "object-sequence" INTEGER PRIMARY KEY, %s)`, c.table, c.columns))
	}
	for _, a := range how.accounts() {
		do(`INSERT INTO "authreg" VALUES (?, ?, ?)`, a.Localpart(), a.Domainpart(), Password)
		do(`INSERT INTO "active" ("collection-owner", "time") VALUES (?, 1)`, a.String())
	}
	item := func(owner, contact jid.JID) {
		do(`INSERT INTO "roster-items" ("collection-owner", "jid", "name", "to", "from", "ask") VALUES (?, ?, ?, 1, 1, 0)`,
			owner.String(), contact.String(), contact.Localpart())
	}
	for _, f := range how.friends() {
		item(f[0], f[1])
	}
}
