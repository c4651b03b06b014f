package account

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"syscall"

	"mellium.im/xmpp/stream"
)

// ErrPassword is the error of a login that the server refuses. Servers do not
// say whether the account exists.
var ErrPassword = errors.New("wrong password, or no such account")

var (
	errNoTLS  = errors.New("the server offers no encryption (StartTLS); try -tls direct, or -tls none to go without")
	errNoSASL = errors.New("the server offers no way to log in (SASL)")
)

// refusals are the conditions with which a server refuses a login (RFC 6120
// section 6.5), in words.
var refusals = map[string]error{
	"not-authorized":         ErrPassword,
	"account-disabled":       errors.New("the account is disabled"),
	"credentials-expired":    errors.New("the password has expired"),
	"encryption-required":    errors.New("the server requires encryption to log in"),
	"mechanism-too-weak":     errors.New("the server requires a stronger way to log in"),
	"temporary-auth-failure": errors.New("the server cannot check passwords at the moment"),
}

// worded is an error in words for people, with its cause for programs.
type worded struct {
	text  string
	cause error
}

func (w worded) Error() string { return w.text }
func (w worded) Unwrap() error { return w.cause }

// inWords describes a login error in words that a user understands. An error
// that it has no words for stays as it is.
func inWords(err error, set Settings, domain string) error {
	var (
		lookup    *net.DNSError
		untrusted *tls.CertificateVerificationError
	)
	server := set.Addr
	if server == "" {
		server = "the server of " + domain
	}
	switch reason := refusals[condition(err)]; {
	case reason != nil:
		return reason
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return worded{"no server was found under the name " + lookup.Name, err}
	case errors.As(err, &lookup):
		return worded{"the name " + lookup.Name + " could not be looked up; is there a network?", err}
	case errors.As(err, &untrusted):
		return worded{"the certificate of " + server + " is not trusted: " + untrusted.Err.Error(), err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return worded{"connection refused by " + server, err}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return worded{server + " cannot be reached; is there a network?", err}
	case errors.Is(err, context.DeadlineExceeded):
		return worded{"no answer from " + server + " in time", err}
	}
	return Ended(err)
}

// Ended returns in words why a session ended. err is nil if the server said
// goodbye.
func Ended(err error) error {
	var ended stream.Error
	switch {
	case errors.As(err, &ended):
		return worded{"the server ended the connection: " + ended.Error(), err}
	case err == nil, errors.Is(err, io.EOF), unfinished(err):
		return worded{"the server ended the connection", cmp.Or(err, io.EOF)}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return worded{"the connection was lost", err}
	case errors.Is(err, syscall.ETIMEDOUT):
		return worded{"the connection was lost: no answer in time", err}
	}
	return err
}

// unfinished reports whether a stream ended in the middle of an element.
func unfinished(err error) bool {
	var syntax *xml.SyntaxError
	return errors.As(err, &syntax) && syntax.Msg == "unexpected EOF"
}

// condition returns the condition of a SASL failure, and "" for other errors. The
// error's type cannot be named here, but it can write itself as XML.
func condition(err error) string {
	var failure interface{ TokenReader() xml.TokenReader }
	if !errors.As(err, &failure) {
		return ""
	}
	d := xml.NewTokenDecoder(failure.TokenReader())
	var found struct {
		XMLName  xml.Name
		Children []struct{ XMLName xml.Name } `xml:",any"` // the condition, and perhaps a text
	}
	if d.Decode(&found) != nil || found.XMLName.Local != "failure" {
		return ""
	}
	for _, child := range found.Children {
		if child.XMLName.Local != "text" {
			return child.XMLName.Local
		}
	}
	return ""
}
