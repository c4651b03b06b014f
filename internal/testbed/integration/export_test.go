package integration

import "testing"

// Certificates writes certificates for the domains into the folder, and returns
// the PEM files of the authority and of the server.
func Certificates(t testing.TB, dir string, domains ...string) (authority, cert, key string) {
	c := makeCertificates(t, dir, domains)
	return c.authority, c.cert, c.key
}
