import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from redshank.core import metrics_server
from redshank.core.errors import ConfigError
from redshank.core.metrics import Metrics
from redshank.core.metrics_server import MOST_LINKS, MetricsServer


@pytest.fixture
def wrong() -> list[str]:
    return []


@pytest.fixture
def server(wrong: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[MetricsServer]:
    monkeypatch.setattr(metrics_server, "LONGEST_S", 0.5)
    metrics = Metrics()
    metrics.count("redshank_alerts_total", 3, family="dos")
    with MetricsServer(metrics, "127.0.0.1:0", lambda: "".join(wrong)) as made:
        yield made


def asked(server: MetricsServer, path: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, f"http://127.0.0.1:{server.port}{path}", trust_env=False, timeout=30)


def test_prometheus_gets_the_metrics(server: MetricsServer) -> None:
    answer = asked(server, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'redshank_alerts_total{family="dos"} 3.0' in answer.text.splitlines()
    assert asked(server, "/metrics?name[]=up", "HEAD").text == ""


def test_whoever_asks_hears_whether_all_is_well(server: MetricsServer, wrong: list[str]) -> None:
    assert (asked(server, "/healthz").status_code, asked(server, "/healthz").text) == (200, "ok\n")
    wrong.append("sink webhook: its thread ended")
    answer = asked(server, "/healthz")
    assert (answer.status_code, answer.text) == (503, "sink webhook: its thread ended\n")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/../etc", 404), ("POST", "/metrics", 501)]
)
def test_nothing_else_is_answered(server: MetricsServer, method: str, path: str, status: int) -> None:
    assert asked(server, path, method).status_code == status


def test_links_that_say_nothing_or_a_byte_now_and_then_are_ended_and_so_many_at_most(server: MetricsServer) -> None:
    with ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 5)) for _ in range(MOST_LINKS + 4)
        ]
        begin = time.monotonic()
        for number, link in enumerate(held):
            link.settimeout(0.02)
            ended = False
            while not ended:
                assert time.monotonic() - begin < 60, "a link is not ended"
                try:
                    if number % 2:
                        link.send(b"G")
                    ended = link.recv(1_000) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
        assert asked(server, "/healthz").status_code == 200


def test_an_endless_line_is_not_read(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as link:
        try:
            link.sendall(b"GET /" + b"x" * 10_000_000)
            answer = link.recv(100)
        except OSError:
            answer = b""
    assert answer == b"" or b" 414 " in answer


def test_an_address_of_ipv6_will_do() -> None:
    with MetricsServer(Metrics(), "[::1]:0") as server:
        assert httpx.get(f"http://[::1]:{server.port}/healthz", trust_env=False).text == "ok\n"


@pytest.mark.parametrize("place", ["", "localhost", "127.0.0.1:70000", "127.0.0.1:x", "a b:1"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match=rf"service.metrics: '{place}' is no address and port; give one as in"):
        MetricsServer(Metrics(), place)


def test_a_port_that_somebody_has_is_refused(server: MetricsServer) -> None:
    with pytest.raises(
        ConfigError, match=rf"service.metrics: cannot listen at '127.0.0.1:{server.port}' \(Address alr"
    ):
        MetricsServer(Metrics(), f"127.0.0.1:{server.port}")
