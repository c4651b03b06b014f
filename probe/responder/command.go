package responder

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"sync"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/commands"
	"mellium.im/xmpp/disco/items"
	"mellium.im/xmpp/form"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// NodeBuddy is the node of the ad-hoc command by which an administrator has the
// component befriend a server (XEP-0267 section 4).
const NodeBuddy = "http://jabber.org/protocol/admin#server-buddy"

const (
	commandName = "Subscribe to the presence of a server"
	formType    = "http://jabber.org/protocol/admin"
	fieldPeer   = "peerjid"
)

// Bounds of what is read of a command, and of the forms that wait to be filled
// in.
const (
	maxCommandTokens = 500
	maxForms         = 64
)

// forms are the sessions of the command that wait: who was sent which form. The
// oldest are dropped. The zero value is ready to use.
type forms struct {
	mu      sync.Mutex
	waiting []waitingForm
}

type waitingForm struct {
	id string
	by string
}

func (f *forms) give(to jid.JID) (id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id = rand.Text()
	f.waiting = append(f.waiting, waitingForm{id, to.String()})
	if len(f.waiting) > maxForms {
		f.waiting = f.waiting[1:]
	}
	return id
}

// take removes a form, and reports whether it was sent to that address.
func (f *forms) take(id string, from jid.JID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, w := range f.waiting {
		if w.id == id && w.by == from.String() {
			f.waiting = append(f.waiting[:i:i], f.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (r *Responder) admin(j jid.JID) bool {
	return r.cfg.admins[j.Bare().String()]
}

// items names the command (XEP-0050 section 2.2).
func (r *Responder) items(iq stanza.IQ, node string) xml.TokenReader {
	var item xml.TokenReader
	query := xml.StartElement{Name: xml.Name{Space: "http://jabber.org/protocol/disco#items", Local: "query"}}
	if node != "" {
		query.Attr = []xml.Attr{{Name: xml.Name{Local: "node"}, Value: node}}
		if r.admin(iq.From) {
			item = items.Item{JID: r.host, Name: commandName, Node: NodeBuddy}.TokenReader()
		}
	}
	return iq.Result(xmlstream.Wrap(item, query))
}

// submission is what is read from a command.
type submission struct {
	action, id string
	filled     bool // there is a form
	peer       jid.JID
}

// Errors of a command, beside what makes an address unreadable.
var (
	errTooLong = errors.New("responder: the command is too long")
	errForm    = errors.New("responder: the form is not of type " + formType)
)

// command carries out a command, whose element comes next in the tokens, and
// returns the answer (XEP-0050 section 2.4).
func (r *Responder) command(iq stanza.IQ, tokens xml.TokenReader) xml.TokenReader {
	if !r.admin(iq.From) {
		return iq.Error(stanza.Error{Type: stanza.Auth, Condition: stanza.Forbidden})
	}
	o, err := readCommand(tokens)
	switch {
	case err != nil:
		return refuse(iq, "bad-payload", err.Error())
	case o.id == "" && (o.action == "" || o.action == "execute"):
		return iq.Result(response("executing", r.forms.give(iq.From), peerForm(), actions()))
	case o.id == "":
		return refuse(iq, "bad-action", "")
	case !r.forms.take(o.id, iq.From):
		return refuse(iq, "bad-sessionid", "")
	case o.action == "cancel":
		return iq.Result(response("canceled", o.id))
	case o.action != "" && o.action != "execute" && o.action != "complete" && o.action != "next":
		return refuse(iq, "bad-action", "")
	case !o.filled:
		return refuse(iq, "bad-payload", errForm.Error())
	case o.peer.Equal(r.host):
		return refuse(iq, "bad-payload", fmt.Sprintf("responder: %s is this server itself", o.peer))
	}
	queued := r.inbox.add(o.peer.String(), false, func() {
		if err := r.Befriend(r.ctx, o.peer); err != nil {
			r.fail(err)
		}
	})
	if !queued {
		return iq.Error(stanza.Error{Type: stanza.Wait, Condition: stanza.ResourceConstraint})
	}
	return iq.Result(response("completed", o.id, note("A subscription request is on its way to "+o.peer.String()+".")))
}

// readCommand reads a command.
func readCommand(tokens xml.TokenReader) (o submission, err error) {
	var c struct {
		Action string     `xml:"action,attr"`
		ID     string     `xml:"sessionid,attr"`
		Form   *form.Data `xml:"jabber:x:data x"`
	}
	left := maxCommandTokens
	limited := xmlstream.ReaderFunc(func() (xml.Token, error) {
		if left--; left < 0 {
			return nil, errTooLong
		}
		return tokens.Token()
	})
	if err := xml.NewTokenDecoder(limited).Decode(&c); err != nil {
		return submission{}, err
	}
	o = submission{action: c.Action, id: c.ID}
	if c.Form == nil || c.Action == "cancel" {
		return o, nil
	}
	if kind, ok := c.Form.Raw("FORM_TYPE"); ok && (len(kind) != 1 || kind[0] != formType) {
		return o, errForm
	}
	peers, _ := c.Form.Raw(fieldPeer)
	if len(peers) != 1 || peers[0] == "" {
		return o, fmt.Errorf("responder: the form has %d addresses in %s, not one", len(peers), fieldPeer)
	}
	peer, err := jid.Parse(peers[0])
	if err != nil {
		return o, fmt.Errorf("responder: %q in %s: %w", peers[0], fieldPeer, err)
	}
	o.filled, o.peer = true, peer.Bare()
	return o, nil
}

// peerForm returns the form that asks for the server.
func peerForm() xml.TokenReader {
	return form.New(
		form.Title("Subscribing to a server"),
		form.Instructions("Name the server whose presence this one is to see."),
		form.Hidden("FORM_TYPE", form.Value(formType)),
		form.JID(fieldPeer, form.Label("The domain of the server"), form.Required),
	).TokenReader()
}

func actions() xml.TokenReader {
	return xmlstream.Wrap(
		xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Local: "complete"}}),
		xml.StartElement{Name: xml.Name{Local: "actions"}, Attr: []xml.Attr{{Name: xml.Name{Local: "execute"}, Value: "complete"}}})
}

func note(s string) xml.TokenReader {
	return xmlstream.Wrap(text(s), xml.StartElement{
		Name: xml.Name{Local: "note"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "type"}, Value: "info"}},
	})
}

func response(status, id string, children ...xml.TokenReader) xml.TokenReader {
	return xmlstream.Wrap(xmlstream.MultiReader(children...), xml.StartElement{
		Name: xml.Name{Space: commands.NS, Local: "command"},
		Attr: []xml.Attr{
			{Name: xml.Name{Local: "node"}, Value: NodeBuddy},
			{Name: xml.Name{Local: "sessionid"}, Value: id},
			{Name: xml.Name{Local: "status"}, Value: status},
		},
	})
}

// refuse returns what is wrong with a command (XEP-0050 section 4.4).
func refuse(iq stanza.IQ, condition, why string) xml.TokenReader {
	e := stanza.Error{Type: stanza.Modify, Condition: stanza.BadRequest}
	if why != "" {
		e.Text = map[string]string{"en": why}
	}
	iq.From, iq.To, iq.Type = iq.To, iq.From, stanza.ErrorIQ
	return iq.Wrap(e.Wrap(xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: commands.NS, Local: condition}})))
}
