"""The gateway's services: a DNS server and an NTP server.

In: datagrams. Out: answers; names outside the lab do not exist.
"""

from redshank.lab.protocols import dns, sntp
from redshank.lab.scene import Scene


async def run(scene: Scene) -> None:
    """Start both servers; they answer until the host is closed."""
    zone = scene.zone()
    gateway = scene.hosts["gateway"]

    def answer(data: bytes) -> bytes | None:
        question = dns.decode(data)
        if question is None or question.response:
            return None
        addresses = zone.get(question.name)
        code = dns.NO_ERROR if addresses else dns.NAME_ERROR
        version6 = question.kind == dns.AAAA
        answers = tuple(address for address in addresses or () if (":" in address) == version6)
        return dns.encode(dns.Message(question.ident, question.name, question.kind, True, code, answers))

    await gateway.answer(scene.ports["dns"], answer)
    await gateway.answer(scene.ports["ntp"], lambda data: sntp.reply(data, scene.clock()))
