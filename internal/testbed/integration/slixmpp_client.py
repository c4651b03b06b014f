"""A client that nobody here wrote: slixmpp asks a component what it is told to,
and prints one JSON object for each thing that it sees.

usage: slixmpp_client.py HOST PORT CA JID PASSWORD COMPONENT PEER

It probes the component, asks for its last activity and its features,
subscribes to its presence, and carries out the ad-hoc command that has the
component befriend PEER.
"""

import asyncio
import json
import sys

import slixmpp
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

host, port, authority, jid, password, component, peer = sys.argv[1:]


def tell(event, **facts):
    print(json.dumps(dict(event=event, **facts)), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(jid, password)
        self.ca_certs = authority
        for plugin in ("xep_0004", "xep_0012", "xep_0030", "xep_0050", "xep_0203"):
            self.register_plugin(plugin)
        self.seen = asyncio.Queue()
        self.auto_authorize = True
        self.auto_subscribe = False
        self.register_handler(Callback(
            "presence from the component",
            MatchXPath("{jabber:client}presence"),
            self.presence))
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_auth", lambda _: self.fail("login refused"))

    def presence(self, stanza):
        if stanza["from"].bare == component:
            self.seen.put_nowait(stanza)

    def fail(self, why):
        tell("failed", why=why)
        self.disconnect()

    async def expect(self, kind):
        while True:
            stanza = await asyncio.wait_for(self.seen.get(), 20)
            if (stanza.xml.get("type") or "available") == kind:
                return stanza

    async def start(self, _):
        try:
            await self.ask()
        except Exception as e:
            self.fail(repr(e))
        else:
            self.disconnect()

    async def ask(self):
        await self.get_roster()
        self.send_presence()

        self.send_presence(pto=component, ptype="probe")
        answer = await self.expect("available")
        tell("probe", stamp=answer["delay"]["stamp"].isoformat(), by=str(answer["delay"]["from"]))

        answer = await self["xep_0012"].get_last_activity(component)
        tell("last", seconds=answer["last_activity"]["seconds"])

        answer = await self["xep_0030"].get_info(jid=component)
        tell("info", features=sorted(answer["disco_info"]["features"]))

        self.send_presence(pto=component, ptype="subscribe")
        await self.expect("subscribed")
        answer = await self.expect("available")
        tell("subscribed", stamp=answer["delay"]["stamp"].isoformat())
        # The other direction was accepted by slixmpp itself.
        await asyncio.sleep(0.5)
        tell("roster", subscription=self.client_roster[component]["subscription"])

        done = asyncio.get_event_loop().create_future()

        def form(iq, session):
            f = self["xep_0004"].make_form(ftype="submit")
            f.add_field(ftype="hidden", var="FORM_TYPE", value="http://jabber.org/protocol/admin")
            f.add_field(ftype="jid-single", var="peerjid", value=peer)
            session["payload"] = f
            session["next"] = lambda iq, session: done.set_result(iq["command"]["status"])
            self["xep_0050"].complete_command(session)

        def error(iq, session):
            done.set_exception(RuntimeError(str(iq)))

        self["xep_0050"].start_command(
            jid=component, node="http://jabber.org/protocol/admin#server-buddy",
            session={"next": form, "error": error})
        tell("command", status=await asyncio.wait_for(done, 20))


client = Client()
client.connect((host, int(port)))
client.process(forever=False)
