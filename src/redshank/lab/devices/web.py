"""The home's web application and the upstream sites: pages, a login, forms, an API.

In: HTTP requests. Out: pages of varied size. The application has two faults on purpose, both harmless: a quote in a
search shows every row or an error, and comments come back as they were written.
"""

import asyncio
import random
import urllib.parse
from collections import deque

from redshank.lab.host import Host
from redshank.lab.protocols import http
from redshank.lab.scene import Scene

ROW = "<tr><td>device</td><td>kitchen</td><td>online</td></tr>\n"
PAGES = {"/": 2400, "/login": 900, "/devices": 3800, "/settings": 3100, "/rules": 5200, "/about": 700}
ASSETS = {"/static/app.js": 9000, "/static/style.css": 3500, "/static/logo.svg": 1400, "/static/font": 12000}


class Application:
    """The home's web application.

    Args:
        passwords: By user.
        rng: Draws the sizes of answers.

    Example:
        >>> Application({"admin": "x"}, random.Random(7)).respond("POST", "/login", b"user=admin&password=y")[0]
        401
    """

    def __init__(self, passwords: dict[str, str], rng: random.Random) -> None:
        self._passwords = passwords
        self._rng = rng
        self._comments: deque[str] = deque(["works well"] * 6, maxlen=12)

    def respond(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Return status and content for one request."""
        path, _, query = target.partition("?")
        asked = urllib.parse.parse_qs(query, keep_blank_values=True)
        form = urllib.parse.parse_qs(body.decode("latin-1"), keep_blank_values=True)
        if path == "/login" and method == "POST":
            user, password = form.get("user", [""])[0], form.get("password", [""])[0]
            if "'" in user:
                return self._search(user)
            good = self._passwords.get(user) == password
            return (302, b"") if good else (401, b"wrong user or password" + b" " * self._rng.randrange(100, 400))
        if path == "/search":
            return self._search(asked.get("q", [""])[0])
        if path == "/comment":
            text = (form if method == "POST" else asked).get("text", [""])[0][:400]
            self._comments.append(text)
            return 200, ("<ul>" + "".join(f"<li>{line}</li>" for line in self._comments) + "</ul>").encode()
        if path in ("/api/state", "/api/command"):
            return 200, b'{"ok":true,"devices":[' + b'{"on":1},' * (1 + len(body) // 4) + b"{}]}"
        size = PAGES.get(path) or ASSETS.get(path)
        if size is None:
            return 404, b"no such page" + b"." * 200
        if path in PAGES:
            # Pages show what is going on at home, so they change.
            size += self._rng.randrange(size)
        return 200, (ROW * (size // len(ROW) + 1))[:size].encode()

    def _search(self, text: str) -> tuple[int, bytes]:
        upper = text.upper()
        if "'" in text and (" OR " in upper or "UNION" in upper):
            return 200, (ROW * self._rng.randrange(20, 160)).encode()
        if "'" in text:
            return 500, b"syntax error near quote" + b" at line" * self._rng.randrange(4, 60)
        # A common word finds much, a rare one little.
        return 200, (ROW * int(min(120, self._rng.lognormvariate(2.0, 1.3)))).encode()


async def run(scene: Scene, host: Host) -> None:
    """Serve the application until the host is closed."""
    application = Application(scene.passwords, host.rng)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await http.read(reader)) is not None:
            await asyncio.sleep(host.rng.uniform(0.001, 0.02))
            writer.write(http.response(*application.respond(message.start[0], message.start[1], message.body)))
            await writer.drain()
            if not message.keep_alive:
                return

    await host.serve(scene.ports["web"], serve)


async def run_site(scene: Scene, host: Host) -> None:
    """Serve an upstream site: pages whose size is in their name, reports taken, firmware given."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await http.read(reader)) is not None:
            await asyncio.sleep(host.rng.uniform(0.005, 0.06))
            last = message.start[1].rpartition("/")[2]
            size = min(int(last) * 1024, 200_000) if last.isdecimal() and message.start[0] == "GET" else 0
            body = (b"upstream " * (size // 9 + 1))[:size] or b'{"taken":true}' * host.rng.randint(1, 9)
            writer.write(http.response(200, body))
            await writer.drain()
            if not message.keep_alive:
                return

    for port in {scene.ports["web"], scene.ports["api"]}:
        await host.serve(port, serve)
