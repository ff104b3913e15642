from collections.abc import MutableMapping
from typing import Any

import anyio
import pytest

from browsing import Browser
from redshank.console import limits
from redshank.console.limits import MOST_BODY, Limits


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.2", "localhost@evil"])
def test_only_its_own_names_are_answered(anonymous: Browser, host: str) -> None:
    answer = anonymous.client.get("/login", headers={"host": host})
    assert answer.status_code == 421
    assert "This console is not called that" in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8477", "127.0.0.1:1", "[::1]:8477"])
def test_a_port_and_capitals_in_the_name_do_not_matter(anonymous: Browser, host: str) -> None:
    assert anonymous.client.get("/login", headers={"host": host}).status_code == 200


def test_a_body_has_so_many_bytes_and_no_more(viewer: Browser) -> None:
    assert viewer.client.post("/theme", content=b"a" * (MOST_BODY + 1)).status_code == 413
    answer = viewer.client.post("/api/v1/nothing", content=b"a" * (MOST_BODY + 1))
    assert (answer.status_code, answer.json()["detail"]) == (413, "What was sent is too much; 1024 KiB are the most.")


def asked(headers: list[tuple[bytes, bytes]], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what stands behind `Limits` when it is asked for in parts."""
    found: dict[str, Any] = {}

    async def behind(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        found.update(scope)
        if "redshank.refusal" not in scope:
            found["received"] = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        if not parts:
            await anyio.sleep(60)
        return parts.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        found.setdefault("sent", []).append(message)

    scope = {"type": "http", "scheme": "https", "path": "/", "headers": [(b"host", b"localhost"), *headers]}
    anyio.run(Limits(behind, ["localhost"]), scope, receive, send)
    return found


def test_a_body_that_comes_in_parts_is_read_whole_and_bounded() -> None:
    chunked = [(b"transfer-encoding", b"chunked")]
    parts: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c"},
    ]
    found = asked(chunked, list(parts))
    assert (found["redshank.body"], found["received"]) == (b"abc", b"abc")
    endless = [{"type": "http.request", "body": b"a" * 2**18, "more_body": True} for _ in range(9)]
    assert asked(chunked, endless)["redshank.refusal"].status == 413
    assert len(endless) == 4


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_S", 0.05)
    length = [(b"content-length", b"10")]
    assert asked(length, [])["redshank.refusal"].status == 408
    assert asked(length, [{"type": "http.disconnect"}])["redshank.refusal"].status == 408


def test_of_bodies_on_their_way_one_address_has_so_many_and_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BODIES", 2)
    statuses: list[tuple[str, int]] = []
    last = anyio.Event()

    async def behind(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        del receive, send
        refusal = scope.get("redshank.refusal")
        statuses.append((scope["client"][0], refusal.status if refusal else 200))

    async def coming() -> dict[str, Any]:
        await last.wait()
        return {"type": "http.request", "body": b"a"}

    async def here() -> dict[str, Any]:
        return {"type": "http.request", "body": b"a"}

    async def nobody(message: MutableMapping[str, Any]) -> None:
        raise AssertionError(message)

    async def all_at_once() -> None:
        made = Limits(behind, ["localhost"])

        async def ask(client: str, receive: Any, length: bytes = b"1") -> None:
            headers = [(b"host", b"localhost"), (b"content-length", length)]
            scope = {"type": "http", "scheme": "https", "path": "/", "headers": headers, "client": (client, 1)}
            await made(scope, receive, nobody)

        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(ask, "2001:db8::1", coming)
            await anyio.wait_all_tasks_blocked()
            await ask("2001:db8::2", here)
            await ask("2001:db8::2", here, length=b"0")
            await ask("192.0.2.1", here)
            last.set()
        await ask("2001:db8::2", here)
        assert not made._coming

    anyio.run(all_at_once)
    near, other = "2001:db8::1", "2001:db8::2"
    assert statuses == [(other, 503), (other, 200), ("192.0.2.1", 200), (near, 200), (near, 200), (other, 200)]


@pytest.mark.parametrize("length", [b"-1", b"ten", b"9" * 50, b"1048577"])
def test_a_length_that_is_none_or_too_much_is_refused_before_anything_is_read(length: bytes) -> None:
    assert asked([(b"content-length", length)], [])["redshank.refusal"].status == 413


def test_two_names_in_one_request_are_none() -> None:
    assert asked([(b"host", b"localhost")], [])["redshank.refusal"].status == 421


def test_over_tls_the_browser_is_told_to_come_back_over_tls() -> None:
    headers = dict(asked([], [])["sent"][0]["headers"])
    assert headers[b"strict-transport-security"] == b"max-age=31536000"
    assert b"default-src 'none'" in headers[b"content-security-policy"]
