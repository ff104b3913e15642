"""Thermostats: one kind polled over HTTP, one over CoAP.

In: a device. Out: readings on request, set points accepted; and the polls of whoever is in charge.
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.protocols import coap, http
from redshank.lab.scene import Scene, fetch, resolve


async def run_http(scene: Scene, host: Host) -> None:
    """Serve readings over HTTP until the host is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await http.read(reader)) is not None:
            fields = ",".join(f'"f{n}":{host.rng.gauss(20, 3):.2f}' for n in range(host.rng.randint(2, 12)))
            known = message.start[1].startswith(("/reading", "/set"))
            body = f"{{{fields}}}".encode()
            writer.write(http.response(200 if known else 404, body if known else b"none", kind="application/json"))
            await writer.drain()
            if not message.keep_alive:
                return

    await host.serve(scene.ports["thermostat"], serve)


async def run_coap(scene: Scene, host: Host) -> None:
    """Answer CoAP requests until the host is closed."""

    def answer(data: bytes) -> bytes | None:
        message = coap.decode(data)
        if message is None or message.code not in (coap.GET, coap.PUT):
            return None
        code = coap.CHANGED if message.code == coap.PUT else coap.CONTENT
        if not message.path or message.path[0] not in ("reading", "set"):
            code = coap.NOT_FOUND
        payload = b"" if code == coap.NOT_FOUND else b"%.2f;" % host.rng.gauss(20, 3) * host.rng.randint(1, 12)
        return coap.encode(coap.Message(coap.ACK, code, message.ident, message.token, payload=payload))

    await host.answer(scene.ports["coap"], answer)


async def poll_http(scene: Scene, host: Host, device: str) -> None:
    """Read a thermostat over HTTP; sometimes set it over the same flow."""
    address = await resolve(scene, host, device)
    targets = [("GET", "/reading", b"")]
    if host.rng.random() < 0.25:
        targets.append(("POST", "/set", b"target=%.1f" % host.rng.uniform(16, 24)))
    await fetch(scene, host, address, scene.ports["thermostat"], targets, Intent("thermostat over http"))


async def poll_coap(scene: Scene, host: Host, device: str) -> None:
    """Read a thermostat over CoAP, one to four times in one flow."""
    address = await resolve(scene, host, device)
    asks = []
    for _ in range(host.rng.choice((1, 1, 2, 4))):
        token = host.rng.randbytes(host.rng.choice((2, 4)))
        put = host.rng.random() < 0.2
        code, path, payload = (coap.PUT, ("set",), b"21.5") if put else (coap.GET, ("reading", "now"), b"")
        asks.append(coap.encode(coap.Message(coap.CON, code, host.rng.randrange(65536), token, path, payload)))
    with suppress(OSError):
        await host.exchange(address, scene.ports["coap"], asks, Intent("thermostat over coap"))


async def poll_all(scene: Scene, host: Host) -> None:
    """Be in charge: poll every thermostat, again and again, at irregular intervals."""
    while True:
        for device in (*scene.cast.thermostats, *scene.cast.coaps):
            poll = poll_coap if device in scene.cast.coaps else poll_http
            await poll(scene, host, device)
            await asyncio.sleep(host.rng.lognormvariate(-0.9, 0.7))
