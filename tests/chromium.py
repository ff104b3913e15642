"""A real browser in front of a real console, for tests and for pictures: Debian's chromium, over a socket of loopback.

Pages are found as a person finds them, by following links, and compared with the routes that there are: a page that
nothing leads to is told, and a new one is looked at without being named here.
"""

import html
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright
from starlette.routing import compile_path

from browsing import PASSWORD
from redshank.console.area import AREAS
from redshank.console.desk import Desk

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
LIGHT: Final = "light"
DARK: Final = "dark"
WIDE, NARROW = (1440, 900), (390, 844)
SLOW_MS = 120_000
"""How long a page may take on a machine that does much else."""
_LINK = re.compile(r'href="(/[^"#]*)')


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Give a browser without a window."""
    found = shutil.which("chromium")
    assert found, "chromium is not installed; run `make services`"
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-extensions", "--disable-background-networking"],
        )
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def window(opened: Chromium, port: int, name: str = "", **options: Any) -> Iterator[Page]:
    """Give a page of a browser of its own; somebody is logged in if named."""
    context = opened.new_context(base_url=f"http://127.0.0.1:{port}", **options)
    context.set_default_timeout(SLOW_MS)
    try:
        page = context.new_page()
        if name:
            log_in(page, name)
        yield page
    finally:
        context.close()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Log in as a person does."""
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def complaints(page: Page, port: int) -> list[str]:
    """Return a list to which is added what a browser complains of from now on, and every request to somewhere else."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("request", lambda one: None if f"127.0.0.1:{port}/" in one.url else said.append(f"asks {one.url}"))
    return said


def templates(desk: Desk) -> dict[str, "re.Pattern[str]"]:
    """Return the addresses of pages as their areas have them, and what fits each, in the order in which they count."""
    found = {}
    for name in AREAS.names():
        routes = APIRouter()
        AREAS.find(name)(desk).pages(routes)
        for route in routes.routes:
            assert isinstance(route, APIRoute)
            if "GET" in (route.methods or ()) and not route.path.endswith(".json"):
                template = f"/{name}{route.path}"
                found[template] = compile_path(template)[0]
    return found


def addresses(desk: Desk, get: Callable[[str], str]) -> dict[str, str]:
    """Return an address for each page that links lead to.

    Args:
        desk: What the console works on.
        get: Gives the text of a page.
    """
    fits = templates(desk)
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        for link in _LINK.findall(get(waiting.pop(0))):
            address = html.unescape(link)
            template = next((name for name, one in fits.items() if one.match(address.partition("?")[0])), None)
            if template is not None and template not in found:
                found[template] = address
                waiting.append(address)
    return found


def shorten(page: Page, most: int = 2) -> None:
    """Take out of a page all rows and entries of a list beyond the first ones: they are alike, and axe asks each."""
    page.evaluate(
        "most => document.querySelectorAll('tbody, main ul').forEach("
        "list => [...list.children].slice(most).forEach(one => one.remove()))",
        most,
    )


def findings(page: Page, *rules: str) -> list[str]:
    """Return what axe-core finds serious or worse in a page.

    Args:
        page: Shown now.
        rules: The only rules to ask; all if none are given.
    """
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}  # styles are read by the browser
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(" ".join(map(str, node["target"])) + " " + _why(node) for node in one["nodes"][:4])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def _why(node: dict[str, Any]) -> str:
    return " ".join(one["message"] for one in (*node["any"], *node["all"], *node["none"])[:1])


def too_wide(page: Page) -> int:
    """Return by how many pixels a page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def smallest(page: Page) -> float:
    """Return how high the smallest letters in drawings are, in pixels of the screen; infinity without any."""
    found = page.evaluate(
        "[...document.querySelectorAll('main svg text')].map(text => {"
        "const {a, b} = text.getScreenCTM(); return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b)})"
    )
    return min(found, default=float("inf"))
