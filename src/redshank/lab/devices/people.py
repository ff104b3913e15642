"""People with phones and laptops: they read pages, log in, mistype, watch cameras, keep files.

In: a device. Out: flows as a person's taps make them, until cancelled.
"""

import asyncio
import urllib.parse

from redshank.lab.devices import admin, camera, sensors, thermostat
from redshank.lab.devices.web import ASSETS, PAGES
from redshank.lab.host import Host, Intent
from redshank.lab.scene import Scene, fetch, resolve

WORDS = (
    "kitchen",
    "lamp on",
    "heating schedule",
    "garden camera night",
    "o'clock",
    "why is my sensor offline? it worked",
)


async def browse(scene: Scene, host: Host) -> None:
    """Open a page of the application with its parts, over one flow or several at once."""
    address = await resolve(scene, host, "hub")
    pages = host.rng.choices(list(PAGES), k=host.rng.randint(1, 3))
    targets = [("GET", page, b"") for page in pages]
    targets += [("GET", asset, b"") for asset in host.rng.sample(list(ASSETS), host.rng.randint(0, 3))]
    if host.rng.random() < 0.08:
        targets.append(("GET", f"/favicon-{host.rng.randrange(99)}.ico", b""))
    flows = [targets] if host.rng.random() < 0.5 else [[target] for target in targets]
    port = scene.ports["web"]
    await asyncio.gather(*(fetch(scene, host, address, port, flow, Intent("web page")) for flow in flows))


async def log_in(scene: Scene, host: Host) -> None:
    """Log in; mistype the password now and then, notice, and try again."""
    address = await resolve(scene, host, "hub")
    right = scene.passwords["admin"]
    # A slip of the finger: some letters are left out.
    tries = [right[: -host.rng.randint(1, 9)] for _ in range(host.rng.choice((0, 0, 0, 0, 1, 2)))]
    for password in (*tries, right):
        body = urllib.parse.urlencode({"user": "admin", "password": password}).encode()
        await fetch(scene, host, address, scene.ports["web"], [("POST", "/login", body)], Intent("web login"))
        await asyncio.sleep(host.rng.uniform(0.5, 3))


async def use_form(scene: Scene, host: Host) -> None:
    """Search, comment, command or read the state."""
    address = await resolve(scene, host, "hub")
    text = urllib.parse.quote_plus(host.rng.choice(WORDS))
    targets = [
        ("GET", f"/search?q={text}", b""),
        ("POST", "/comment", f"text={text}".encode()),
        ("POST", "/api/command", b'{"lamp":"on"}' * host.rng.randint(1, 12)),
        ("GET", "/api/state", b""),
    ]
    chosen = host.rng.sample(targets, host.rng.choice((1, 1, 2)))
    await fetch(scene, host, address, scene.ports["web"], chosen, Intent("web form"))


async def keep_files(scene: Scene, host: Host) -> None:
    """Read or write a few files."""
    address = await resolve(scene, host, "nas")
    targets: list[tuple[str, str, bytes]] = [("GET", "/files", b"")] if host.rng.random() < 0.4 else []
    for _ in range(host.rng.choice((1, 1, 2, 4))):
        if host.rng.random() < 0.6:
            targets.append(("GET", f"/files/{host.rng.randrange(64)}", b""))
        else:
            size = int(min(12_000, host.rng.lognormvariate(6.5, 1.2)))
            targets.append(("PUT", f"/files/{host.name}-{host.rng.randrange(20)}", b"own words " * (size // 10 + 1)))
    await fetch(scene, host, address, scene.ports["files"], targets, Intent("files"))


async def back_up(scene: Scene, host: Host) -> None:
    """Write a series of files, each in a flow of its own, as a backup program does."""
    address = await resolve(scene, host, "nas")
    for number in range(host.rng.randint(3, 9)):
        size = int(min(12_000, host.rng.lognormvariate(6.0, 1.3)))
        put = [("PUT", f"/files/{host.name}-b{number}", b"own words " * (size // 10 + 1))]
        await fetch(scene, host, address, scene.ports["files"], put, Intent("backup"))
        await asyncio.sleep(host.rng.uniform(0.02, 0.3))


async def surf(scene: Scene, host: Host) -> None:
    """Open pages of an upstream site."""
    address = await resolve(scene, host, "site")
    for _ in range(host.rng.choice((1, 1, 2, 3))):
        sizes = [int(min(20, host.rng.lognormvariate(0.6, 0.9))) for _ in range(host.rng.randint(1, 3))]
        targets = [("GET", f"/page/{size}", b"") for size in sizes]
        await fetch(scene, host, address, scene.ports["web"], targets, Intent("upstream site"))


async def look_around(scene: Scene, host: Host) -> None:
    """Look at a camera, or watch it for a while."""
    name = host.rng.choice(scene.cast.cameras)
    await (camera.view if host.rng.random() < 0.15 else camera.look)(scene, host, name)


async def look_after(scene: Scene, host: Host) -> None:
    """Read a thermostat, the telemetry, or use the admin console."""
    roll = host.rng.random()
    if roll < 0.3:
        await thermostat.poll_http(scene, host, host.rng.choice(scene.cast.thermostats))
    elif roll < 0.5:
        await thermostat.poll_coap(scene, host, host.rng.choice(scene.cast.coaps))
    elif roll < 0.75:
        await sensors.session(scene, host, host.rng.randint(1, 3), 0.6, subscribe="home/#")
    else:
        await admin.visit(scene, host, host.rng.choice(("hub", "nas")))


async def run(scene: Scene, host: Host) -> None:
    """Be a person: one thing after the other, with pauses."""
    habits = (browse, log_in, use_form, keep_files, back_up, surf, look_around, look_after)
    weights = [
        host.rng.uniform(*span) for span in ((3, 6), (0.6, 1.4), (2, 5), (2, 4), (0.3, 0.7), (2, 5), (1, 3), (1.5, 3))
    ]
    while True:
        await asyncio.sleep(host.rng.lognormvariate(-0.6, 0.9))
        await host.rng.choices(habits, weights)[0](scene, host)
