package probe

import (
	"context"
	"log/slog"

	"mellium.im/xmpp/jid"
)

// debug logs what happened to a probe. It is called without a lock.
func (c *Client) debug(msg string, to jid.JID, attrs ...slog.Attr) {
	l := c.cfg.log
	if l == nil || !l.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	attrs = append(attrs, slog.String("contact", to.String()))
	l.LogAttrs(context.Background(), slog.LevelDebug, "probe: "+msg, attrs...)
}

// reason is why a probe was refused or failed.
func reason(err error) slog.Attr {
	return slog.String("reason", err.Error())
}
