package command

import (
	"errors"
	"fmt"
	"strings"

	"mellium.im/xmpp/jid"
)

// Address parses an address that a user wrote. The error says in words what is
// wrong with it.
func Address(s string) (jid.JID, error) {
	j, err := jid.Parse(s)
	if err != nil {
		return j, fmt.Errorf("%q is not an address: %w", s, fault(s, err))
	}
	return j, nil
}

// fault returns what is wrong with an address, and err where it does not know.
func fault(s string, err error) error {
	bare, resource, hasResource := strings.Cut(s, "/")
	local, domain, hasLocal := strings.Cut(bare, "@")
	if !hasLocal {
		local, domain = "", bare
	}
	switch {
	case strings.Contains(bare, "xmpp:") || strings.Contains(s, "://"):
		return errors.New("it looks like a link; write the address alone, such as romeo@montague.lit")
	case s == "":
		return errors.New("it is empty")
	case strings.Contains(domain, "@"):
		return errors.New("more than one @")
	case hasLocal && local == "":
		return errors.New("there is nothing before the @")
	case hasLocal && domain == "":
		return errors.New("there is nothing after the @")
	case domain == "":
		return errors.New("there is no server")
	case hasResource && resource == "":
		return errors.New("there is nothing after the /")
	case len(local) > 1023 || len(domain) > 1023 || len(resource) > 1023:
		return errors.New("a part is longer than 1023 bytes")
	case strings.ContainsAny(bare, " \t\n\r"):
		return errors.New("there is a space in it")
	case strings.Contains(domain, ":"):
		return errors.New("a port is not part of an address")
	case strings.ContainsAny(local, `"&'/:<>`):
		return errors.New(`one of the characters " & ' : < > is before the @`)
	case strings.Contains(err.Error(), "idna"):
		return fmt.Errorf("%q is not the name of a server", domain)
	case hasLocal && !hasResource:
		return errors.New("a character before the @ is not allowed")
	}
	return err
}
