-- Answers presence probes with what XEP-0318 shows: the last unavailable
-- presence of a user who is offline, with its status and when it was sent, and
-- since when the host is up. Who may know is left to mod_presence, whose
-- answers this only completes.

local st = require "util.stanza";
local jid_split = require "util.jid".split;
local datetime = require "util.datetime".datetime;

local host = module.host;
local store = module:open_store("probe_details");

local function remember(event)
	local origin, stanza = event.origin, event.stanza;
	if stanza.attr.to or stanza.attr.type ~= "unavailable" or not origin.username then
		return;
	end
	store:set(origin.username, {
		from = origin.full_jid;
		at = os.time();
		status = stanza:get_child_text("status");
	});
end

local function delay(stanza, from, at)
	stanza:tag("delay", { xmlns = "urn:xmpp:delay", from = from, stamp = datetime(at) }):up();
end

local function complete(event)
	local stanza = event.stanza;
	local user, from_host, resource = jid_split(stanza.attr.from);
	if event.origin ~= prosody.hosts[host] or from_host ~= host or resource or #stanza.tags > 0 then
		return;
	end
	if user and stanza.attr.type == "unavailable" then
		local last = store:get(user);
		if last then
			if last.status then
				stanza:text_tag("status", last.status);
			end
			delay(stanza, last.from, last.at);
		end
	end
end

local function answer_for_host(event)
	local stanza = event.stanza;
	if stanza.attr.type ~= "probe" then
		return;
	end
	local answer = st.presence({ from = host, to = stanza.attr.from, id = stanza.attr.id });
	delay(answer, host, prosody.start_time);
	module:send(answer);
	return true;
end

module:hook("pre-presence/bare", remember, 20);
module:hook("pre-presence/bare", complete);
module:hook("pre-presence/full", complete);
module:hook("presence/host", answer_for_host, 10);
