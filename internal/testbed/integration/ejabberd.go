package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// StartEjabberd starts an ejabberd. It runs in an Erlang of its own that is
// part of no cluster, so that there is one process, and no port mapper.
func StartEjabberd(t testing.TB) *Server {
	t.Helper()
	return startEjabberd(t, setup{})
}

func startEjabberd(t testing.TB, how setup) *Server {
	t.Helper()
	need(t, "ejabberdctl", "ejabberd")
	program := need(t, "erl", "erlang-base")
	libs, err := filepath.Glob("/usr/lib/*/ejabberd-[0-9]*/ebin")
	if err != nil || len(libs) == 0 {
		t.Fatalf("ejabberd's own files are not where Debian puts them")
	}
	dir := t.TempDir()
	s := &Server{Name: "ejabberd", Addr: loopback(freePort(t)), Components: make(map[string]string), certs: makeCertificates(t, dir, how.domains()), setup: how}
	s.Authority = s.certs.authority
	s.Direct, s.WebSocket = loopback(freePort(t)), "wss://"+loopback(freePort(t))+"/ws"
	for _, c := range how.components() {
		s.Components[c.String()] = loopback(freePort(t))
	}
	config, log := filepath.Join(dir, "ejabberd.yml"), filepath.Join(dir, "ejabberd.log")
	write(t, config, ejabberdConfig(s))
	names := ""
	if how.domain != "" {
		names = how.nameServer(t, dir)
	}
	s.run = func(t testing.TB) processes {
		cmd := exec.Command(program, "-noinput", "-mnesia", "dir", fmt.Sprintf("%q", filepath.Join(dir, "data")),
			"-eval", ejabberdStart(how))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(),
			"HOME="+dir,
			"ERL_LIBS="+filepath.Dir(filepath.Dir(libs[0])),
			"EJABBERD_CONFIG_PATH="+config,
			"EJABBERD_LOG_PATH="+log,
			"ERL_CRASH_DUMP="+filepath.Join(dir, "crash.dump"))
		if names != "" {
			cmd.Env = append(cmd.Env, "ERL_INETRC="+names)
		}
		ready := filepath.Join(dir, "ready")
		_ = os.Remove(ready)
		p := start(t, cmd, log, s.Addr)
		waitFor(t, ready, p.ended)
		return processes{p}
	}
	s.processes = s.run(t)
	return s
}

func ejabberdConfig(s *Server) string {
	// One port for each: ejabberd routes all hosts of a port to each component
	// that connects there.
	var services strings.Builder
	for c, addr := range s.Components {
		fmt.Fprintf(&services, `
  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_service
    hosts: {%q: {password: %q}}`, port(addr), c, Password)
	}
	listen, federation, dialback := s.ejabberdFederation()
	services.WriteString(listen)
	return fmt.Sprintf(`
hosts: [%s]
loglevel: info
certfiles: [%q, %q]
listen:
  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: true
  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_c2s
    tls: true
  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_http
    tls: true
    request_handlers: {"/ws": ejabberd_http_ws}%s
auth_method: internal
%s
access_rules:
  local: {allow: all}
modules:
  mod_admin_extra: {}
  mod_blocking: {}
  mod_client_state: {}
  mod_disco: {}
  mod_last: {}
  mod_ping: {}
  mod_privacy: {}
  mod_register: {}
  mod_roster: {versioning: true}
  mod_stream_mgmt: {resume_timeout: %d}%s
`, strings.Join(s.domains(), ", "), s.certs.cert, s.certs.key, port(s.Addr), port(s.Direct), port(s.WebSocket), services.String(), federation, resumption, dialback)
}

// ejabberdStart starts the server and makes accounts and rosters through its
// own administration.
func ejabberdStart(how setup) string {
	var b strings.Builder
	b.WriteString(`{ok, _} = application:ensure_all_started(ejabberd), `)
	for _, a := range how.accounts() {
		fmt.Fprintf(&b, `_ = ejabberd_auth:try_register(<<%q>>, <<%q>>, <<%q>>), `, a.Localpart(), a.Domainpart(), Password)
	}
	for _, f := range how.friends() {
		fmt.Fprintf(&b, `mod_admin_extra:add_rosteritem(<<%q>>, <<%q>>, <<%q>>, <<%q>>, <<%[3]q>>, <<"">>, <<"both">>), `,
			f[0].Localpart(), f[0].Domainpart(), f[1].Localpart(), f[1].Domainpart())
	}
	b.WriteString(`ok = file:write_file("ready", "").`)
	return b.String()
}
