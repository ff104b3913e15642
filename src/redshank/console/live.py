"""Pages that follow what happens: server-sent events for every browser, from one look at the store a second.

In: the store's stamps. Out: to each browser the kinds of things that changed; its script then fetches what it shows of
them. The one idea: a browser is owed a set of words, not a queue. What changes twice before it was told is told once,
so a browser that is slow costs nothing, and one that takes nothing for `SEND_S` is let go. Browsers are told one after
the other, so that they do not all come for the same part at once while somebody's page waits behind them. Whoever comes
back says what it heard last, and is told what it missed.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import anyio
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from redshank.console.request_error import RequestError
from redshank.console.sessions import Times
from redshank.console.shared import SLOWLY_S
from redshank.core.errors import RedshankError
from redshank.store.database import Database
from redshank.store.stamps import Standing, counted, stamps, standing

EVERY_S = 1.0
APART_S = 0.02
"""How long after another browser the next is told: about what a part of a page takes."""
KEEP_S = 15.0
"""After how long without news a browser is sent something, so that it and what is between knows that we are there."""
SEND_S = 10.0
AGAIN_MS = 3_000
MOST, MOST_EACH = 200, 20
"""Streams of all browsers and programs, and of one session or token: a page each."""
OVER = "over"
TOPICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "alerts": ("alerts", "risk"),
        "comments": ("alerts",),
        "labels": ("labels",),
        "responses": ("responses",),
        "allowances": ("allowances",),
        "devices": ("devices", "risk"),
        "runs": ("health",),
        "traffic": ("health",),
        "drift": ("health",),
        # What people decide on is in the audit, and nowhere else as a number that grows.
        "audit": ("audit", "alerts", "labels", "models", "risk"),
    }
)
"""What pages are told, by the stamp that grew."""
LATER = frozenset({"risk"})
"""What pages are told SLOWLY_S after it changed: by then nobody is given what was read before."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Stream:
    session: str
    """Digest of it, or the id of a token."""
    program: bool = False
    owed: set[str] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def owe(self, words: set[str]) -> None:
        self.owed |= words

    def wake(self) -> None:
        if self.owed:  # it may have been told already, after something else
            self.news.set()

    def take(self) -> list[str]:
        words = [OVER] if OVER in self.owed else sorted(self.owed)
        self.owed = set()
        self.news.clear()
        return words


class Live:
    """One look at the store for all browsers.

    Args:
        database: The store.
        times: How long sessions go on.
        now_s: The clock.
        every_s: How often to look.
    """

    def __init__(
        self, database: Database, times: Times, now_s: Callable[[], float] = time.time, every_s: float = EVERY_S
    ) -> None:
        self._database, self._times, self._now_s, self._every_s = database, times, now_s, every_s
        self._start = secrets.token_hex(4)
        self._number = 0
        self._changed: dict[str, int] = {}
        """When each topic changed last, by our number."""
        self._due: dict[str, float] = {}
        """When to tell of what is told later."""
        self._streams: set[_Stream] = set()
        self._wanted = asyncio.Event()
        self._ended = False
        self.looks = 0
        """How often the store was looked at."""

    @property
    def heard(self) -> str:
        """What a page that is written now has heard; its stream goes on from there."""
        return f"{self._start}-{self._number}"

    async def run(self) -> None:
        """Look, as long as anybody listens; goes on until it is cancelled."""
        before: dict[str, float] = {}
        lost = False
        while True:
            if not self._streams:
                self._wanted.clear()
                await self._wanted.wait()
            try:
                before, lost = await self._look(before), False
            except RedshankError as error:  # the store is away for a while: pages stay as they are
                if not lost:
                    _log.warning("live: %s; it is looked at again until it is back", error)
                lost = True
            await anyio.sleep(self._every_s)

    async def _look(self, before: dict[str, float]) -> dict[str, float]:
        self.looks += 1
        sessions, tokens = ({one.session for one in self._streams if one.program is kind} for kind in (False, True))
        found = await run_sync(stamps, self._database)
        now_s = self._now_s()
        left = await run_sync(standing, self._database, sessions)
        counting = await run_sync(counted, self._database, tokens, now_s) if tokens else frozenset[str]()
        grown = {name for name in found if before and found[name] != before.get(name)}
        # Before the first look nobody saw what changed.
        words = self._ripe({word for name in grown for word in TOPICS[name]} if before else set(LATER), now_s)
        if words:
            self._number += 1
            self._changed.update(dict.fromkeys(words, self._number))
        loop, apart_s = asyncio.get_running_loop(), min(APART_S, self._every_s / 2 / max(1, len(self._streams)))
        for place, stream in enumerate(self._streams):
            if stream.program:
                goes_on = stream.session in counting
            else:
                goes_on = stream.session in left and self._goes_on(left[stream.session], now_s)
            if not goes_on:
                stream.owe({OVER})
            elif words:
                stream.owe(words)
            if stream.owed:
                loop.call_later(place * apart_s, stream.wake)
        return found

    def _ripe(self, words: set[str], now_s: float) -> set[str]:
        """Return what is to be told now: what changed, and what changed a while ago if it is told later."""
        for word in words & LATER:
            self._due.setdefault(word, now_s + SLOWLY_S)
        # A clock that was set back holds nothing up.
        ripe = {word for word, at_s in self._due.items() if not now_s < at_s < now_s + 2 * SLOWLY_S}
        self._due = {word: at_s for word, at_s in self._due.items() if word not in ripe}
        return (words - LATER) | ripe

    def _goes_on(self, session: Standing, now_s: float) -> bool:
        return self._times.go_on(session.begun_at_s, session.used_at_s, now_s)

    def end(self) -> None:
        """Let every browser go; no more come in."""
        self._ended = True
        for stream in self._streams:
            stream.news.set()

    def stream(self, session: str, heard: str = "", *, program: bool = False) -> Response:
        """Return the answer that tells a browser until it goes, its session is over, or we end.

        Args:
            session: Digest of its session.
            heard: What it heard last; "": it is new.
            program: Whether a program follows; `session` is the id of its token then, and counts as long as that does.

        Raises:
            RequestError: If there are too many already.
        """
        ours = sum((stream.session, stream.program) == (session, program) for stream in self._streams)
        if len(self._streams) >= MOST or ours >= MOST_EACH or self._ended:
            raise RequestError(503, "Too many pages are open; close some. This one does not follow what happens.")
        return _Answer(self, _Stream(session, program, self._missed(heard)))

    async def tell(self, stream: _Stream, receive: Receive, send: Send) -> None:
        """Tell a browser what it is owed; what begins an answer was sent."""
        self._streams.add(stream)
        self._wanted.set()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks)
                await self._tell(stream, send)
                tasks.cancel_scope.cancel()
        finally:
            self._streams.discard(stream)

    async def _tell(self, stream: _Stream, send: Send) -> None:
        text, over = f"retry: {AGAIN_MS}\nid: {self.heard}\nevent: hello\ndata: \n\n", False
        while True:
            with anyio.move_on_after(SEND_S) as sending:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": not over})
            if sending.cancelled_caught or over:
                return
            if not stream.owed and not self._ended:
                with anyio.move_on_after(KEEP_S):
                    await stream.news.wait()
            words = stream.take()
            over = self._ended or words == [OVER]
            text = "".join(f"id: {self.heard}\nevent: {word}\ndata: \n\n" for word in words) or ": still here\n\n"

    def _missed(self, heard: str) -> set[str]:
        start, _, number = heard.partition("-")
        if not heard:
            return set()
        if start != self._start or not number.isdecimal():
            return {word for words in TOPICS.values() for word in words}  # it was told by an earlier run of us
        return {word for word, at in self._changed.items() if at > int(number[:18])}


class _Answer(Response):
    def __init__(self, live: Live, stream: _Stream) -> None:
        super().__init__(media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._live, self._stream = live, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._live.tell(self._stream, receive, send)


async def _until_gone(receive: Receive, tasks: TaskGroup) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    tasks.cancel_scope.cancel()
