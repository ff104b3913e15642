import http.client
import logging
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from browsing import PASSWORD, serving
from redshank.config import Console
from redshank.console import links, serve
from redshank.console.desk import Desk
from redshank.console.links import Listening
from redshank.console.page import static
from redshank.console.serve import listening, server
from redshank.core.errors import ConfigError


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    logger = logging.getLogger("uvicorn.error")
    before, level = list(logger.filters), logger.level
    yield
    logger.filters[:] = before
    logger.setLevel(level)


@contextmanager
def asked(port: int, path: str = "/login", headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link:
        link.request("GET", path, headers=headers or {})
        with link.getresponse() as answer:
            yield answer


def test_the_console_is_had_at_its_address_and_streams_do_not_hold_up_its_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "DRAIN_S", 50)  # so that waiting for it shows, however busy the machine is
    with ExitStack() as stack:
        with serving(desk) as port:
            page = stack.enter_context(asked(port))
            assert (page.status, page.getheader("server")) == (200, None)
            link = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)))
            form = urlencode({"name": "vera", "password": PASSWORD})
            link.request("POST", "/login", form, {"content-type": "application/x-www-form-urlencoded"})
            cookie = str(link.getresponse().getheader("set-cookie")).partition(";")[0]
            stream = stack.enter_context(asked(port, "/live", {"cookie": cookie}))
            assert stream.getheader("content-type") == "text/event-stream; charset=utf-8"
            assert b"retry" in stream.readline()
            ends = time.monotonic()
        assert time.monotonic() - ends < 30, "it waited for the stream"
        stream.read()


def test_headers_without_end_are_not_read_to_it(desk: Desk) -> None:
    with serving(desk) as port, socket.create_connection(("127.0.0.1", port), 10) as link:
        link.sendall(b"GET /login HTTP/1.1\r\nhost: localhost\r\nx: ")
        try:
            for _ in range(64):
                link.sendall(b"a" * 4_096)
            status = link.recv(64)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert b"400" in status or b"431" in status or not status


def test_who_says_nothing_or_slowly_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "HEAD_S", 0.2)
    whole = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with serving(desk) as port:
        for before, then in ((b"", b""), (b"", b"GET /login HTTP/1.1\r\nhost: loc"), (whole, b"GET")):
            with socket.create_connection(("127.0.0.1", port), 10) as link:
                if before:
                    link.sendall(before)
                    assert b"200 OK" in link.recv(4_096)
                link.sendall(then)
                while link.recv(4_096):
                    pass


def cut_off(link: socket.socket) -> bool:
    """Wait until the other side answers or cuts off, and tell whether it did the second."""
    try:
        return not link.recv(64)
    except ConnectionResetError:
        return True


def test_who_holds_many_links_and_says_nothing_leaves_some_for_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MOST_EACH", 3)
    half, whole = b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with serving(desk) as port, ExitStack() as stack:

        def said(text: bytes, source: str) -> socket.socket:
            link = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, (source, 0)))
            with suppress(OSError):  # it is cut off already
                link.sendall(text)
            return link

        held = [said(half, "127.0.0.2") for _ in range(9)]
        assert [cut_off(one) for one in held[3:]] == [True] * 6
        assert not cut_off(said(whole, "127.0.0.3")), "others are answered"
        held[0].sendall(whole.removeprefix(half))
        assert not cut_off(held[0]), "and so are the links that it has"
        held[1].close()
        until = time.monotonic() + 60
        while cut_off(said(whole, "127.0.0.2")):
            assert time.monotonic() < until, "a link that was closed counts on"


def narrow(settings: Console) -> Listening:
    """Listen for links of which the kernel holds but a little."""
    link = listening(settings)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2_048)
    return link


@pytest.mark.parametrize("times", [1, 20])
def test_who_takes_nothing_of_what_it_asked_for_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr("browsing.listening", narrow)
    monkeypatch.setattr(links, "MOST_EACH", 1)
    monkeypatch.setattr(serve, "SEND_S", 0.5)
    name = max(static(), key=lambda one: len(static()[one][0]))
    wanted = f"GET /static/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    healthy = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with serving(desk) as port, closing(socket.socket()) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        holder.connect(("127.0.0.1", port))
        holder.sendall(wanted * times)
        until, answered = time.monotonic() + 60, False
        while not answered:
            assert time.monotonic() < until, "the link is held on"
            with socket.create_connection(("127.0.0.1", port), 10) as link, suppress(OSError):
                link.sendall(healthy)
                answered = not cut_off(link)


@pytest.mark.service
def test_links_that_begin_no_tls_count_too(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_EACH", 2)
    made = certificate(tmp_path, "one")
    with serving(desk, **made) as port, ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.2", 0))) for _ in range(5)
        ]
        assert [cut_off(one) for one in held[2:]] == [True] * 3
        context = ssl.create_default_context(cafile=str(made["certificate"]))
        link = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
        with closing(link):
            link.request("GET", "/healthz")
            with link.getresponse() as answer:
                assert answer.status == 200


def test_a_proxy_that_is_named_has_as_many_links_as_it_likes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_EACH", 1)
    said = {"host": "redshank.example", "x-forwarded-proto": "https"}
    near = {"behind_proxy": True, "hosts": ("redshank.example",)}
    with serving(desk, proxies=("10.0.0.0/8", "127.0.0.0/8"), **near) as port, ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(asked(port, headers=said)).status == 200


@pytest.mark.parametrize(("proxies", "believed"), [(("127.0.0.1",), True), (("10.9.9.9",), False)])
def test_only_a_proxy_that_is_named_says_who_asks_and_how(
    desk: Desk, proxies: tuple[str, ...], *, believed: bool
) -> None:
    said = {"host": "redshank.example", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
    with serving(desk, behind_proxy=True, proxies=proxies, hosts=("redshank.example",)) as port, ExitStack() as stack:
        found = stack.enter_context(asked(port, headers=said))
        assert found.status == (200 if believed else 421)
        assert (found.getheader("strict-transport-security") is not None) == believed


@pytest.mark.parametrize("said", [{}, {"x-forwarded-proto": "http"}])
def test_who_comes_beside_the_proxy_is_shown_no_login_and_gets_no_session(desk: Desk, said: dict[str, str]) -> None:
    with serving(desk, behind_proxy=True, hosts=("redshank.example",)) as port:
        with asked(port, headers=said) as page:
            text = page.read().decode()
            assert (page.status, page.getheader("set-cookie")) == (421, None)
        assert "over TLS alone, through the proxy in front of it" in text
        assert "X-Forwarded-Proto: https" in text.replace("&#39;", "'")
        assert "password" not in text
        assert "/login" not in text
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link:
            form = urlencode({"name": "vera", "password": PASSWORD})
            link.request("POST", "/login", form, {"content-type": "application/x-www-form-urlencoded", **said})
            answer = link.getresponse()
            assert (answer.status, answer.getheader("set-cookie")) == (421, None)
            answer.close()
        with asked(port, "/api/v1/account/me", {"authorization": "Bearer redshank_x", **said}) as answer:
            assert (answer.status, answer.getheader("content-type")) == (421, "application/problem+json")
        with asked(port, "/healthz") as answer:
            assert answer.status == 200


def test_behind_a_proxy_the_cookie_goes_over_tls_alone(desk: Desk) -> None:
    said = {"x-forwarded-proto": "https", "content-type": "application/x-www-form-urlencoded"}
    with (
        serving(desk, behind_proxy=True, hosts=("redshank.example",)) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link,
    ):
        link.request("POST", "/login", urlencode({"name": "vera", "password": PASSWORD}), said)
        answer = link.getresponse()
        cookie = str(answer.getheader("set-cookie"))
        assert answer.status == 303
        assert cookie.startswith("__Host-redshank=")
        assert "Secure" in cookie


def test_an_address_that_is_taken_is_told(desk: Desk) -> None:
    with (
        serving(desk) as port,
        pytest.raises(ConfigError, match=f"cannot listen at '127.0.0.1:{port}' .Address already"),
    ):
        listening(Console(listen=f"127.0.0.1:{port}"))


def certificate(folder: Path, name: str) -> dict[str, Path]:
    made = {"certificate": folder / f"{name}.pem", "key": folder / f"{name}.key"}
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-out", str(made["certificate"]), "-keyout", str(made["key"])),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return made


@pytest.mark.service
def test_with_a_certificate_pages_come_over_tls_alone(desk: Desk, tmp_path: Path) -> None:
    made = certificate(tmp_path, "one")
    trusting = ssl.create_default_context(cafile=str(made["certificate"]))
    with (
        serving(desk, **made) as port,
        closing(http.client.HTTPSConnection("localhost", port, timeout=10, context=trusting)) as link,
    ):
        link.request("GET", "/login")
        page = link.getresponse()
        assert (page.status, page.getheader("strict-transport-security")) == (200, "max-age=31536000")
        page.close()
        with pytest.raises((http.client.HTTPException, OSError)), asked(port):
            pass


@pytest.mark.service
def test_a_certificate_and_the_key_of_another_are_told(app: FastAPI, tmp_path: Path) -> None:
    one, other = certificate(tmp_path, "one"), certificate(tmp_path, "other")
    with pytest.raises(ConfigError, match="one.pem' and '.*other.key' do not go together"):
        server(app, Console(certificate=one["certificate"], key=other["key"]))


def test_the_last_part_of_an_answer_does_not_wait_for_the_first_to_be_acknowledged() -> None:
    with listening(Console(listen="127.0.0.1:0")) as link, socket.create_connection(link.getsockname()):
        accepted, _ = link.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_a_name_that_is_no_address_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot listen at 'nowhere.invalid:80' ."):
        listening(Console(listen="nowhere.invalid:80", hosts=("x",), behind_proxy=True))
