package integration

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/suite"
)

//go:embed mod_probe_details.lua mod_sift.lua mod_neighbours.lua
var plugins embed.FS

// ProsodyVariant is a configuration of Prosody.
type ProsodyVariant int

// The configurations of Prosody.
const (
	Stock   ProsodyVariant = iota // as shipped, with last activity
	Shipped                       // as Debian ships it, but for what a test cannot have
	Stamps                        // with mod_lastlog's stamps on offline presence
	XEP0318                       // with a plugin that does what XEP-0318 shows
	Sift                          // with a plugin that sifts presence (XEP-0273)
)

// lastlog is where Debian's prosody-modules puts the module for Stamps, a
// folder that Prosody searches without being told.
const lastlog = "/usr/lib/prosody/modules/mod_lastlog"

// shipped are the modules that Debian's configuration loads, but for those of
// administration, invitations and other servers.
var shipped = []string{
	"roster", "saslauth", "tls", "disco", "blocklist", "bookmarks", "carbons", "pep", "private", "smacks", "vcard4", "vcard_legacy",
	"csi_simple", "ping", "register", "time", "uptime", "version",
}

// resumption is for how many seconds a stream may be resumed (XEP-0198).
const resumption = 2

// StartProsody starts a Prosody.
func StartProsody(t testing.TB, v ProsodyVariant) *Server {
	t.Helper()
	return startProsody(t, setup{variant: v})
}

// StartCrowd starts a Prosody on which Juliet has the given number of further
// contacts, who were never online.
func StartCrowd(t testing.TB, contacts int) *Server {
	t.Helper()
	return startProsody(t, setup{crowd: contacts})
}

// StartUsers starts a Prosody with so many more accounts, user0@capulet.lit and so on.
// Each has some of the contacts, contact0@montague.lit and so on: user i has those
// from i*each on, counted round.
func StartUsers(t testing.TB, users, each, contacts int) *Server {
	t.Helper()
	return startProsody(t, setup{users: users, each: each, crowd: contacts})
}

func startProsody(t testing.TB, how setup) *Server {
	t.Helper()
	program := need(t, "prosody", "prosody")
	if _, err := os.Stat(lastlog); how.variant == Stamps && err != nil {
		lack(t, missing("mod_lastlog", "prosody-modules"))
	}
	dir := t.TempDir()
	s := &Server{Name: "Prosody", Addr: loopback(freePort(t)), certs: makeCertificates(t, dir, how.domains()), setup: how}
	s.Authority = s.certs.authority
	web := loopback(freePort(t))
	s.Direct, s.WebSocket = loopback(freePort(t)), "wss://"+web+"/xmpp-websocket"
	one := loopback(freePort(t))
	s.Components = make(map[string]string)
	for _, c := range how.components() {
		s.Components[c.String()] = one
	}
	prosodyData(t, filepath.Join(dir, "data"), how)
	plugged := filepath.Join(dir, "plugins")
	if err := os.CopyFS(plugged, plugins); err != nil {
		t.Fatal(err)
	}
	config, log := filepath.Join(dir, "prosody.cfg.lua"), filepath.Join(dir, "prosody.log")
	write(t, config, prosodyConfig(s, one, dir, log))
	s.run = func(t testing.TB) processes {
		return processes{start(t, exec.Command(program, "-F", "--config", config), log, s.Addr, one, s.Direct, web)}
	}
	s.processes = s.run(t)
	return s
}

func prosodyConfig(s *Server, components, dir, log string) string {
	var b strings.Builder
	modules := append(slices.Clone(shipped), "websocket")
	if s.variant != Shipped {
		modules = append(modules, "lastactivity")
	}
	switch s.variant {
	case Stamps:
		modules = append(modules, "lastlog")
		b.WriteString("lastlog_stamp_offline = true\n")
	case XEP0318:
		modules = append(modules, "probe_details")
	case Sift:
		modules = append(modules, "sift")
	}
	if s.domain != "" {
		modules = append(modules, "dialback", "neighbours")
	}
	fmt.Fprintf(&b, `
run_as_root = true
data_path = %[1]q
pidfile = %[2]q
plugin_paths = { %[3]q }
log = { info = %[4]q }
interfaces = { "127.0.0.1" }
c2s_ports = { %[5]s }
c2s_direct_tls_ports = { %[10]s }
http_ports = {}
https_ports = { %[11]s }
https_ssl = { certificate = %[7]q, key = %[8]q }
http_default_host = "capulet.lit"
component_interfaces = { "127.0.0.1" }
component_ports = { %[9]s }
modules_enabled = { "%[6]s" }
authentication = "internal_plain"
smacks_hibernation_time = %[12]d
ssl = { certificate = %[7]q, key = %[8]q }
`, filepath.Join(dir, "data"), filepath.Join(dir, "prosody.pid"), filepath.Join(dir, "plugins"), log, port(s.Addr),
		strings.Join(modules, `", "`), s.certs.cert, s.certs.key, port(components), port(s.Direct), port(s.WebSocket), resumption)
	b.WriteString(s.prosodyFederation())
	for _, d := range s.domains() {
		fmt.Fprintf(&b, "VirtualHost %q\n", d)
	}
	for _, c := range s.components() {
		fmt.Fprintf(&b, "Component %q\ncomponent_secret = %q\n", c, Password)
		if s.domain != "" {
			b.WriteString("modules_enabled = { \"dialback\" }\n")
		}
	}
	return b.String()
}

// prosodyData writes accounts and rosters in the form of Prosody's files.
func prosodyData(t testing.TB, dir string, how setup) {
	t.Helper()
	accounts, friends := how.accounts(), how.friends()
	for i := range how.crowd {
		j := jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i))
		accounts = append(accounts, j)
		if how.users == 0 {
			friends = append(friends, [2]jid.JID{suite.Juliet, j}, [2]jid.JID{j, suite.Juliet})
		}
	}
	for i := range how.users {
		user := jid.MustParse(fmt.Sprintf("user%d@capulet.lit", i))
		accounts = append(accounts, user)
		for n := range how.each {
			j := jid.MustParse(fmt.Sprintf("contact%d@montague.lit", (i*how.each+n)%how.crowd))
			friends = append(friends, [2]jid.JID{user, j}, [2]jid.JID{j, user})
		}
	}
	items := make(map[string]*strings.Builder)
	for _, f := range friends {
		owner := f[0].String()
		if items[owner] == nil {
			items[owner] = new(strings.Builder)
		}
		fmt.Fprintf(items[owner], "[%q] = { subscription = \"both\", groups = {}, name = %q },\n", f[1], f[1].Localpart())
	}
	for _, a := range accounts {
		write(t, prosodyFile(dir, a, "accounts"), fmt.Sprintf("return { password = %q }\n", Password))
		var b strings.Builder
		b.WriteString("return {\n[false] = { version = 1, pending = {} },\n")
		if own := items[a.String()]; own != nil {
			b.WriteString(own.String())
		}
		b.WriteString("}\n")
		write(t, prosodyFile(dir, a, "roster"), b.String())
	}
}

func prosodyFile(dir string, a jid.JID, store string) string {
	return filepath.Join(dir, strings.ReplaceAll(a.Domainpart(), ".", "%2e"), store, a.Localpart()+".dat")
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
