package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const (
	maxForm    = 64 << 10
	maxStreams = 8 // pages that a browser may have open at a time
)

// policy has the page run nothing but the one script, and makes no markup of a
// text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guarded has other sites' pages send no forms, and bounds what is read.
func guarded(next http.Handler) http.Handler {
	next = http.MaxBytesHandler(http.NewCrossOriginProtection().Handler(next), maxForm)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// cookieName is the session cookie's. The prefix has browsers take it from HTTPS
// and from this very host only.
func (g *gateway) cookieName() string {
	if g.set.proxy {
		return "__Host-webchat"
	}
	return "webchat"
}

// setCookie gives the browser a cookie, or takes it away where the value is empty.
func (g *gateway) setCookie(w http.ResponseWriter, value string) {
	c := http.Cookie{
		Name: g.cookieName(), Value: value, Path: "/",
		HttpOnly: true, Secure: g.set.proxy, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, &c)
}

func (g *gateway) cookie(r *http.Request) string {
	c, err := r.Cookie(g.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// forwarded is the header in which a proxy says who asks.
const forwarded = "X-Forwarded-For"

// client returns the network address of who asks: where there is a proxy, what it
// has added to the header. What stands before that is anybody's word.
func (g *gateway) client(r *http.Request) netip.Addr {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if lines := r.Header.Values(forwarded); g.set.proxy && len(lines) > 0 {
		last := lines[len(lines)-1]
		host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	ip, _ := netip.ParseAddr(host)
	return ip
}

// neighbour reports whether a program on this machine asks, and not through the
// proxy.
func neighbour(r *http.Request) bool {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && addr.Addr().Unmap().IsLoopback() && len(r.Header.Values(forwarded)) == 0
}
