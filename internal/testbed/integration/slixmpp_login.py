"""A client that nobody here wrote: slixmpp logs in with a roster full of
contacts behind a gateway, and prints one JSON object of what it sees.

usage: slixmpp_login.py HOST PORT CA JID PASSWORD COMPONENT CONTACTS [DEVICE...]

Without a device it subscribes to the contacts c0, c1, ... of the component and
waits until all have accepted. With devices it logs in with each of them at once,
and opens a chat as soon as it is there: it probes the last contact, and asks
for its last activity. It waits until each device has seen all the contacts.
"""

import asyncio
import json
import sys
import time

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

host, port, authority, jid, password, component, contacts = sys.argv[1:8]
devices, contacts = sys.argv[8:], int(contacts)
addresses = ["c%d@%s" % (i, component) for i in range(contacts)]
patience = 60


class Client(slixmpp.ClientXMPP):
    def __init__(self, resource):
        super().__init__("%s/%s" % (jid, resource), password)
        self.ca_certs = authority
        self.register_plugin("xep_0012")
        self.seen, self.accepted = set(), set()
        self.done = self.loop.create_future()
        self.register_handler(Callback("presence", MatchXPath("{jabber:client}presence"), self.presence))
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_auth", lambda _: self.done.set_exception(RuntimeError("login refused")))
        self.facts = {"device": resource}

    def presence(self, stanza):
        who = stanza["from"]
        if who.domain != component:
            return
        kind = stanza.xml.get("type") or "available"
        if kind == "subscribed":
            self.accepted.add(who.bare)
        elif kind == "available":
            self.seen.add(who.bare)
            if len(self.seen) == contacts:
                self.facts["all_ms"] = round((time.monotonic() - self.began) * 1000)

    async def start(self, _):
        try:
            await self.get_roster()
            self.began = time.monotonic()
            self.send_presence()
            if devices:
                await self.login()
            else:
                await self.subscribe()
        except Exception as e:
            self.facts["failed"] = repr(e)
        self.facts.update(seen=len(self.seen), accepted=len(self.accepted))
        self.done.set_result(self.facts)
        self.disconnect()

    async def subscribe(self):
        for address in addresses:
            self.send_presence_subscription(pto=address, ptype="subscribe")
        await self.until(lambda: len(self.accepted) == contacts)

    async def login(self):
        self.send_presence(pto=addresses[-1], ptype="probe")
        answer = await self["xep_0012"].get_last_activity(addresses[-1], timeout=patience)
        self.facts.update(
            chat_ms=round((time.monotonic() - self.began) * 1000),
            chat_seconds=answer["last_activity"]["seconds"],
            chat_seen=addresses[-1] in self.seen)
        await self.until(lambda: len(self.seen) == contacts)

    async def until(self, holds):
        end = time.monotonic() + patience
        while not holds() and time.monotonic() < end:
            await asyncio.sleep(0.05)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
clients = [Client(device) for device in devices or ["subscriber"]]
for client in clients:
    client.connect((host, int(port)))
for facts in loop.run_until_complete(asyncio.wait_for(asyncio.gather(*(c.done for c in clients)), 2 * patience)):
    print(json.dumps(facts), flush=True)
loop.run_until_complete(asyncio.sleep(0.5))
