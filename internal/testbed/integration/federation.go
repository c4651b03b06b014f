package integration

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// Federation is two servers that reach each other, each with one of the suite's
// domains.
type Federation struct {
	Prosody, Ejabberd *Server
}

// StartFederation starts a Prosody that has one domain, and an ejabberd that has
// the other. Names that would have to be looked up are told to them.
func StartFederation(t testing.TB, prosody, ejabberd string) Federation {
	t.Helper()
	one, two := freePort(t), freePort(t)
	return Federation{
		Prosody:  startProsody(t, setup{domain: prosody, listens: one, neighbour: ejabberd, reaches: two}),
		Ejabberd: startEjabberd(t, setup{domain: ejabberd, listens: two, neighbour: prosody, reaches: one}),
	}
}

// Login implements suite.World: each account is on its domain's server.
func (f Federation) Login(t testing.TB, account jid.JID) *xmpp.Session {
	t.Helper()
	if f.Ejabberd.has(account.Domainpart()) {
		return f.Ejabberd.Login(t, account)
	}
	return f.Prosody.Login(t, account)
}

// setup is how a server is to be started. The zero value is with all domains, and
// without other servers.
type setup struct {
	variant ProsodyVariant
	crowd   int // more contacts of Juliet's
	users   int // more accounts, which share that crowd instead of her
	each    int // contacts of each of them

	// In a federation, the domain it has alone, the port where it listens
	// for other servers, the domain of the other one, and where that is.
	domain    string
	listens   int
	neighbour string
	reaches   int
}

// domains are those that the server has.
func (s setup) domains() []string {
	if s.domain != "" {
		return []string{s.domain}
	}
	return allDomains
}

// has reports whether a name is of one of the server's domains.
func (s setup) has(domain string) bool {
	return slices.ContainsFunc(s.domains(), func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) })
}

// components are those that the server has a place for.
func (s setup) components() []jid.JID {
	return slices.DeleteFunc(slices.Clone(allComponents), func(j jid.JID) bool { return !s.has(j.Domainpart()) })
}

// accounts are those of the server.
func (s setup) accounts() []jid.JID {
	return slices.DeleteFunc(slices.Clone(allAccounts), func(j jid.JID) bool { return !s.has(j.Domainpart()) })
}

// friends are the roster items of the server's accounts.
func (s setup) friends() [][2]jid.JID {
	return slices.DeleteFunc(slices.Clone(allFriends), func(f [2]jid.JID) bool { return !s.has(f[0].Domainpart()) })
}

// prosodyFederation is for other servers, of which none else is spoken to.
func (s setup) prosodyFederation() string {
	if s.domain == "" {
		return "modules_disabled = { \"s2s\" }\n"
	}
	return fmt.Sprintf(`
s2s_interfaces = { "127.0.0.1" }
s2s_ports = { %[1]d }
s2s_require_encryption = false
s2s_secure_auth = false
modules_disabled = { "s2s_auth_certs" }
neighbours = { [%[2]q] = %[3]d, ["gate.%[2]s"] = %[3]d }
`, s.listens, s.neighbour, s.reaches)
}

// ejabberdFederation is the same in ejabberd's words.
func (s setup) ejabberdFederation() (listen, global, modules string) {
	if s.domain == "" {
		return "", "s2s_access: none", ""
	}
	return fmt.Sprintf(`
  - port: %d
    ip: "127.0.0.1"
    module: ejabberd_s2s_in`, s.listens), "s2s_use_starttls: false", "\n  mod_s2s_dialback: {}"
}

// nameServer tells where the neighbour is (RFC 6120 section 3.2), until the test
// ends. It returns a file that has Erlang ask it.
func (s setup) nameServer(t testing.TB, dir string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	names := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		for _, q := range question.Question {
			if q.Qtype == dns.TypeSRV && slices.Contains([]string{s.neighbour, "gate." + s.neighbour},
				strings.TrimSuffix(strings.TrimPrefix(q.Name, "_xmpp-server._tcp."), ".")) {
				answer.Answer = append(answer.Answer, &dns.SRV{
					Hdr:  dns.RR_Header{Name: q.Name, Rrtype: dns.TypeSRV, Class: dns.ClassINET, Ttl: 60},
					Port: uint16(s.reaches), Target: "127.0.0.1.",
				})
			}
		}
		if len(answer.Answer) == 0 {
			answer.SetRcode(question, dns.RcodeNameError)
		}
		_ = w.WriteMsg(answer)
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = names.ActivateAndServe()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-served
	})
	file := filepath.Join(dir, "inetrc")
	write(t, file, fmt.Sprintf("{resolv_conf, \"\"}.\n{nameserver, {127,0,0,1}, %d}.\n", conn.LocalAddr().(*net.UDPAddr).Port))
	return file
}
