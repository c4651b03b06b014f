-- Keeps presence notifications from a client that asks for it (XEP-0273):
-- those to the account's bare address, to the client's full one, or both. It
-- knows no other kind of stanza, no senders and no payloads. When presence is
-- wanted again, it asks the contacts anew, and answers behind the answers of
-- those on this server.

local st = require "util.stanza";
local jid_resource = require "util.jid".resource;
local filters = require "util.filters";

local xmlns = "urn:xmpp:sift:2";
local notifications = { available = true, unavailable = true };
local recipients = { all = true, bare = true, full = true };

module:add_feature(xmlns);
for _, feature in ipairs { "stanzas:presence", "senders:all", "recipients:all", "recipients:bare", "recipients:full" } do
	module:add_feature("urn:xmpp:sift:" .. feature);
end

local function sift(stanza, session)
	local rule = session.sifts_presence;
	if not rule or not st.is_stanza(stanza) or stanza.name ~= "presence"
	or not notifications[stanza.attr.type or "available"] then
		return stanza;
	end
	local to = jid_resource(stanza.attr.to) and "full" or "bare";
	if rule == "all" or rule == to then
		return nil;
	end
	return stanza;
end

local function resynchronize(session)
	for contact, item in pairs(session.roster or {}) do
		if contact and (item.subscription == "to" or item.subscription == "both") then
			prosody.core_post_stanza(session, st.presence({ type = "probe", from = session.full_jid, to = contact }), true);
		end
	end
end

-- Returns the recipient of the one rule that can be kept, nil for no rule, or
-- false and an error.
local function read(rules)
	local wanted;
	for _, rule in ipairs(rules.tags) do
		if rule.name ~= "presence" or #rule.tags > 0 or (rule.attr.sender or "all") ~= "all" then
			return false, "cancel", "feature-not-implemented";
		end
		wanted = rule.attr.recipient or "all";
		if not recipients[wanted] then
			return false, "modify", "bad-request";
		end
	end
	return wanted;
end

module:hook("iq-set/self/" .. xmlns .. ":sift", function (event)
	local session, stanza = event.origin, event.stanza;
	local wanted, kind, condition = read(stanza.tags[1]);
	if wanted == false then
		session.send(st.error_reply(stanza, kind, condition));
		return true;
	end
	local before = session.sifts_presence;
	session.sifts_presence = wanted;
	if wanted and not before then
		filters.add_filter(session, "stanzas/out", sift, 10);
	elseif before and not wanted then
		filters.remove_filter(session, "stanzas/out", sift);
		resynchronize(session);
	end
	session.send(st.reply(stanza));
	return true;
end);
