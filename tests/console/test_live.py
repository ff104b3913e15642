import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from starlette.responses import Response

from browsing import Browser
from redshank.console import live as module
from redshank.console.desk import Desk
from redshank.console.live import Live
from redshank.console.request_error import RequestError
from redshank.console.sessions import Times
from redshank.console.shared import SLOWLY_S
from redshank.store.credentials import Sessions, Token, Tokens

TIMES = Times(600.0, 3_600.0)


class Tab:
    """A page that is open: what it was sent, and whether it takes it."""

    def __init__(self, live: Live, session: str = "s1", heard: str = "", *, program: bool = False) -> None:
        self.sent: list[bytes] = []
        self.ended, self.gone, self.stuck = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.stuck.set()
        answer = live.stream(session, heard, program=program)
        self.task = asyncio.create_task(self._follow(answer))

    async def _follow(self, answer: Response) -> None:
        await answer({"type": "http"}, self._receive, self._send)
        self.ended.set()

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        await self.stuck.wait()
        self.sent.append(message.get("body", b""))

    def heard(self) -> list[str]:
        lines = b"".join(self.sent).decode().splitlines()
        return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]

    async def until(self, *words: str) -> None:
        async with asyncio.timeout(60):
            while not set(words) <= set(self.heard()):  # noqa: ASYNC110  what is sent has no event of its own
                await asyncio.sleep(0.01)


def followed(desk: Desk, story: Callable[[Live], Any], *, sessions: int = 1) -> Live:
    """Run a story while the store is looked at every 10 ms, with sessions s1, s2, ... of vera."""
    for n in range(sessions):
        Sessions(desk.database).begin(f"s{n + 1}", "vera", desk.now_s(), "", "", unused_since_s=0.0)
    live = Live(desk.database, TIMES, desk.now_s, every_s=0.01)

    async def main() -> None:
        looking = asyncio.create_task(live.run())
        try:
            async with asyncio.timeout(120):
                await story(live)
        finally:
            looking.cancel()

    asyncio.run(main())
    return live


def test_every_browser_is_told_what_changed_and_the_store_is_looked_at_once_for_all(desk: Desk) -> None:
    async def story(live: Live) -> None:
        tabs = [Tab(live) for _ in range(20)]
        await asyncio.gather(*(tab.until("hello") for tab in tabs))
        while live.looks < 2:  # noqa: ASYNC110  a look has no event of its own
            await asyncio.sleep(0.01)
        before = live.looks
        desk.audit.write(1.0, "ana", "alert closed", "a1")
        await asyncio.gather(*(tab.until("audit", "alerts") for tab in tabs))
        assert live.looks - before < 20
        assert "responses" not in tabs[0].heard()
        for tab in tabs:
            tab.gone.set()
        await asyncio.gather(*(tab.ended.wait() for tab in tabs))
        await asyncio.sleep(0.05)
        after = live.looks
        await asyncio.sleep(0.1)
        assert live.looks <= after + 1  # nobody listens, nobody looks

    followed(desk, story)


def test_a_session_that_ends_ends_its_stream(desk: Desk) -> None:
    async def story(live: Live) -> None:
        one, other = Tab(live, "s1"), Tab(live, "s2")
        await one.until("hello")
        await asyncio.to_thread(Sessions(desk.database).end, "s1")
        await asyncio.wait_for(one.ended.wait(), 60)
        assert one.heard()[-1] == "over"
        assert not other.ended.is_set()
        desk.now_s.now_s += TIMES.idle_s  # type: ignore[attr-defined]  # the test's clock
        await asyncio.wait_for(other.ended.wait(), 60)
        assert other.heard()[-1] == "over"

    followed(desk, story, sessions=2)


def test_a_program_is_told_too_and_its_stream_ends_with_its_token(desk: Desk) -> None:
    tokens = Tokens(desk.database)
    tokens.give(Token("s1", "vera", "a wall", "viewer", 1.0, None, None, None, "viewer"), "digest", "test")

    async def story(live: Live) -> None:
        page, program = Tab(live, "s1"), Tab(live, "s1", program=True)
        await asyncio.gather(page.until("hello"), program.until("hello"))
        while live.looks < 2:  # noqa: ASYNC110  a look has no event of its own
            await asyncio.sleep(0.01)
        desk.audit.write(1.0, "ana", "alert closed", "a1")
        await program.until("audit", "alerts")
        await asyncio.to_thread(tokens.withdraw, "s1", 2.0, "vera")
        await asyncio.wait_for(program.ended.wait(), 60)
        assert program.heard()[-1] == "over"
        assert not page.ended.is_set()
        await asyncio.to_thread(Sessions(desk.database).end, "s1")
        await asyncio.wait_for(page.ended.wait(), 60)

    followed(desk, story)


def test_a_browser_that_takes_nothing_is_let_go_and_nothing_piles_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEND_S", 0.2)

    async def story(live: Live) -> None:
        slow = Tab(live)
        await slow.until("hello")
        (stream,) = live._streams  # by the last of what follows it may be let go
        slow.stuck.clear()
        for n in range(5):
            desk.audit.write(float(n), "ana", "looked", "a1")
            await asyncio.sleep(0.02)
        assert len(stream.owed) <= 4
        await asyncio.wait_for(slow.ended.wait(), 60)
        assert live._streams == set()

    followed(desk, story)


def test_who_comes_back_is_told_what_they_missed(desk: Desk) -> None:
    async def story(live: Live) -> None:
        first = Tab(live)
        await first.until("hello")
        while live.looks < 2:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
        before = live.heard
        desk.audit.write(1.0, "ana", "looked", "a1")
        await first.until("audit")
        back, fresh, stranger = Tab(live, heard=before), Tab(live, heard=live.heard), Tab(live, heard="other-9")
        await back.until("audit", "alerts")
        await stranger.until("audit", "responses", "health")
        assert fresh.heard() in (["hello"], [])

    followed(desk, story)


def test_what_takes_long_to_read_is_told_when_nobody_is_given_what_was_read_before(desk: Desk) -> None:
    async def story(live: Live) -> None:
        clock: Any = desk.now_s
        tab = Tab(live)
        await tab.until("hello")
        for number in (1, 2):
            looked = live.looks
            while live.looks < looked + 2:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.01)
            desk.audit.write(1.0, "ana", "alert closed", "a1")
            while tab.heard().count("alerts") < number:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.01)
            assert tab.heard().count("risk") == number - 1
            clock.now_s += SLOWLY_S
            while tab.heard().count("risk") < number:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.01)

    followed(desk, story)


def test_a_quiet_stream_says_that_it_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_S", 0.02)

    async def story(live: Live) -> None:
        tab = Tab(live)
        while b": still here\n\n" not in tab.sent:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)

    followed(desk, story)


def test_the_end_of_the_console_ends_every_stream(desk: Desk) -> None:
    async def story(live: Live) -> None:
        tab = Tab(live)
        await tab.until("hello")
        live.end()
        await asyncio.wait_for(tab.ended.wait(), 60)
        with pytest.raises(RequestError, match="Too many pages are open"):
            live.stream("s1")

    followed(desk, story)


def test_a_session_has_so_many_streams_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EACH", 1)

    async def story(live: Live) -> None:
        await Tab(live, "s1").until("hello")
        with pytest.raises(RequestError, match="Too many pages are open; close some") as caught:
            live.stream("s1")
        assert caught.value.status == 503
        live.stream("s2")

    followed(desk, story, sessions=2)


def test_a_store_that_is_away_ends_nobody(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def story(live: Live) -> None:
        tab = Tab(live)
        await tab.until("hello")
        while live.looks < 2:  # noqa: ASYNC110  the first is over: there is something to compare with
            await asyncio.sleep(0.01)
        with desk.database.writing() as sql:
            sql.exec_driver_sql("alter table audit rename to away")
        while not caplog.records:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
        with desk.database.writing() as sql:
            sql.exec_driver_sql("alter table away rename to audit")
        desk.audit.write(1.0, "ana", "looked", "a1")
        await tab.until("audit")

    followed(desk, story)


def test_nobody_follows_without_a_session(anonymous: Browser) -> None:
    assert anonymous.get("/live").status_code == 401
