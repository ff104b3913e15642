"""Real browsers on the console's live overview: whether each is kept up to date, and how long what it asks for takes.

In: a console that is served, and the names of accounts. Out: of each browser how often it brought a part of its page up
to date, and the milliseconds of every load and part as the browser itself measured them. One chromium has a context of
its own for each, as 20 people would have: a cookie, a page, a stream. Needs playwright and Debian's chromium
(`make services`), whose own CPU time is the machine's too. Used by `bench/console.py --real-browsers 20`.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.async_api import Browser, Page, async_playwright

PAGE = "/overview"
SLOW_MS = 120_000
COUNTING = (
    "performance.setResourceTimingBufferSize(10000); window.brought = 0;"
    "document.addEventListener('redshank:part', () => { window.brought += 1; })"
)
TOLD = "window.brought"
TIMES = (
    "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
    ".filter(one => one.responseEnd > 0).map(one => [one.name, one.responseEnd - one.startTime])"
)
LIVE = "[data-live]:not([hidden]):not(.lost)"


@dataclass(frozen=True)
class Seen:
    """What real browsers saw.

    Args:
        updates: Of each browser, how often it brought a part of its page up to date.
        taken: Milliseconds of each load and part of the page, by what it was.
    """

    updates: list[int]
    taken: dict[str, list[float]]


@asynccontextmanager
async def browsers(port: int, names: Sequence[str], password: str) -> AsyncIterator[list[Page]]:
    """Give a live page of each account, each in a browser of its own."""
    found = shutil.which("chromium")
    assert found, "chromium is not installed; run `make services`"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            pages = [await _page(opened, port, name, password) for name in names]
            await asyncio.gather(*(page.wait_for_selector(LIVE) for page in pages))
            yield pages
        finally:
            await opened.close()


async def seen(pages: Sequence[Page]) -> Seen:
    """Return what these pages saw since they were opened."""
    taken: dict[str, list[float]] = {}
    for page in pages:
        for address, took_ms in await page.evaluate(TIMES):
            if (what := _what(address)) is not None:
                taken.setdefault(what, []).append(took_ms)
    return Seen([await page.evaluate(TOLD) for page in pages], taken)


def _what(address: str) -> str | None:
    """Name what was asked for; None: a file, or the stream."""
    found = urlsplit(address)
    part = parse_qs(found.query).get("part")
    return None if found.path != PAGE else f"{PAGE}?part={part[0]}" if part else PAGE


async def _page(opened: Browser, port: int, name: str, password: str) -> Page:
    place = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=place, timeout=60.0) as client:  # a login is no page, and takes CPU time
        entered = await client.post("/login", data={"name": name, "password": password})
        assert entered.status_code == 303, entered.text
        cookies: list[Any] = [{"name": one.name, "value": one.value or "", "url": place} for one in client.cookies.jar]
    context = await opened.new_context(base_url=place)
    context.set_default_timeout(SLOW_MS)
    await context.add_cookies(cookies)
    page = await context.new_page()
    await page.add_init_script(COUNTING)
    await page.goto(PAGE)
    return page
