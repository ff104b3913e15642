"""What every device does besides its job: time, pings, reports to its maker, firmware.

In: a device. Out: flows at irregular intervals until cancelled.
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.protocols import dns, sntp
from redshank.lab.scene import Scene, fetch, resolve


async def keep_time(scene: Scene, host: Host) -> None:
    """Ask the gateway for the time, now and then twice in one flow."""
    while True:
        await asyncio.sleep(host.rng.uniform(4, 16))
        asks = [sntp.request(scene.clock())] * host.rng.choice((1, 1, 1, 2))
        try:
            await host.exchange(scene.hosts["gateway"].ip, scene.ports["ntp"], asks, Intent("ntp"))
        except OSError:
            continue


async def ping_peers(scene: Scene, host: Host) -> None:
    """Ping the gateway or the hub, rarely: monitors do."""
    while True:
        await asyncio.sleep(host.rng.uniform(5, 60))
        target = scene.hosts[host.rng.choice(("gateway", "hub"))]
        # A sensor takes echoes of one pair within a minute for one flow: an attack's sweep must not share it.
        if target is not host and not host.journal.recent("icmp", (host.ip, 8), (target.ip, 0)):
            await host.ping(target.ip, host.rng.randint(1, 4), host.rng.uniform(0.3, 1.0), Intent("ping"))
        await asyncio.sleep(host.rng.uniform(60, 120))


async def report(scene: Scene, host: Host) -> None:
    """Send a small report to the maker's servers; some are larger, some go over one flow."""
    while True:
        await asyncio.sleep(host.rng.lognormvariate(1.5, 0.6))
        address = await resolve(scene, host, "api")
        posts = [
            ("POST", f"/v1/report/{host.rng.randrange(1000)}", b'{"state":1}' * int(host.rng.lognormvariate(2, 0.8)))
            for _ in range(host.rng.choice((1, 1, 1, 2, 3)))
        ]
        await fetch(scene, host, address, scene.ports["api"], posts, Intent("report to maker"))


async def update(scene: Scene, host: Host) -> None:
    """Look for new firmware, and download it once."""
    await asyncio.sleep(host.rng.uniform(2, 100))
    address = await resolve(scene, host, "firmware")
    checks = [("GET", "/firmware/latest", b"")]
    await fetch(scene, host, address, scene.ports["web"], checks, Intent("firmware check"))
    if host.rng.random() < 0.35:
        size = host.rng.randrange(40, 160)
        image = [("GET", f"/firmware/{size}", b"")]
        await fetch(scene, host, address, scene.ports["web"], image, Intent("firmware download"))


async def check_services(scene: Scene, host: Host) -> None:
    """Be a monitor: see whether services accept a flow, say nothing, go."""
    services = [("hub", "web"), ("nas", "files"), ("broker", "mqtt"), ("nas", "admin"), ("hub", "admin")]
    services += [(name, "camera") for name in scene.cast.cameras]
    while True:
        for name, service in services:
            await asyncio.sleep(host.rng.uniform(1, 6))
            if name != host.name:
                with suppress(OSError, TimeoutError):
                    async with host.connect(scene.hosts[name].ip, scene.ports[service], Intent("service check")):
                        pass


async def stray_lookups(scene: Scene, host: Host) -> None:
    """Ask for names that do not exist, or for a type a name does not have."""
    while True:
        await asyncio.sleep(host.rng.uniform(4, 25))
        name = host.rng.choice(("wpad.home.example", "printer.home.example", "tracker.adverts.example"))
        question = dns.Message(host.rng.randrange(65536), name, host.rng.choice((dns.A, dns.AAAA)))
        try:
            server = scene.hosts["gateway"].ip
            await host.exchange(server, scene.ports["dns"], [dns.encode(question)], Intent("dns lookup"))
        except OSError:
            continue
