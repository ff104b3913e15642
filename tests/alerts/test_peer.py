import errno
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from peers import Peer, certificate, stopped
from redshank.alerts.peer import (
    Deadline,
    family_problem,
    host_problems,
    reason,
    refuse,
    secret,
    time_problems,
    tls,
    tls_problems,
    unreached,
)
from redshank.alerts.sinks.email import Email
from redshank.alerts.sinks.mqtt import Mqtt
from redshank.alerts.sinks.syslog import Syslog
from redshank.alerts.sinks.webhook import Webhook
from redshank.core.errors import ConfigError


def test_a_name_without_an_address_is_not_reached_over_udp_either() -> None:
    assert unreached("x" * 70, 514, 1.0, datagrams=True).startswith("x" * 70 + ", port 514: ")
    assert unreached("127.0.0.1", 514, 1.0, datagrams=True) == ""


def test_a_beginning_of_tls_that_never_ends_ends_with_the_time(tmp_path: Path) -> None:
    def drip(peer: Peer, link: socket.socket) -> None:
        link.sendall(b"\x16\x03\x03\x20\x00")  # a record of 8 KiB
        while not peer.over.wait(0.02):
            link.sendall(b"\x02")

    server = Peer(tmp_path, drip)
    with Deadline(0.3) as deadline, pytest.raises(TimeoutError):
        deadline.open("127.0.0.1", server.port, tls(None))
    stopped()


def test_a_link_ends_with_the_time_though_the_peer_sends_a_byte_now_and_then() -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            link, _ = door.accept()
            with link:
                while not over.wait(0.02):
                    link.send(b".")

        thread = threading.Thread(target=drip)
        thread.start()
        with Deadline(1.0) as deadline, deadline.open("127.0.0.1", door.getsockname()[1]) as link:
            got = 0
            while piece := link.recv(100):
                got += len(piece)
            assert got > 2
            assert deadline.over()
            with pytest.raises(TimeoutError):
                deadline.left_s()
        over.set()
        thread.join(5)


def test_a_link_that_ended_in_time_is_not_shut_later() -> None:
    near, far = socket.socketpair()
    with near, far:
        with Deadline(0.5) as deadline:
            deadline.watch(near)
        time.sleep(0.6)
        near.send(b"still there")
        assert far.recv(20) == b"still there"


def test_a_secret_is_read_anew_and_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "secret"
    for text in ("one\n", "two"):
        place.write_text(text)
        assert secret("token", place, "") == text.strip()
    monkeypatch.setenv("TOKEN", "three")
    assert secret("token", None, "TOKEN") == "three"
    assert secret("token", None, "") == ""
    for text, problem in (("", "is empty; put the secret there"), ("hush\nhush", "holds what is not printable ASCII")):
        place.write_text(text)
        with pytest.raises(ConfigError, match=f"token_file: '{place}' {problem}") as caught:
            secret("token", place, "")
        assert "hush" not in str(caught.value)
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"cannot be read \(UnicodeDecodeError\); put the secret there"):
        secret("token", place, "")


@pytest.mark.parametrize("host", ["logs.example.net", "192.0.2.7", "fd00::7", "fe80::1%eth0", "a_b-c"])
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert host_problems(host, 1) == []


@pytest.mark.parametrize("host", ["", "a b", "a\n", "http://a", "a/b", "x" * 300, "a%20b", "a:80"])
def test_what_is_no_host_is_told(host: str) -> None:
    (problem,) = host_problems(host, 65_535)
    assert problem == f"host: {host[:80]!r} is no name or address; give one as in 'logs.example.net' or '192.0.2.7'"


def test_an_address_of_a_family_that_this_machine_does_not_speak_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_6(family: int) -> None:
        assert family == socket.AF_INET6
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", without_6)
    assert [family_problem(host) for host in ("192.0.2.7", "logs.example.net")] == ["", ""]
    assert family_problem("fd00::7") == (
        "host: 'fd00::7' is of IPv6, which this machine does not speak (Address family not supported by protocol); "
        "give one of IPv4"
    )
    for sink in (Syslog("fd00::7"), Mqtt("fd00::7"), Email("fd00::7", "a@b.c", ("d@e.f",), "none")):
        assert sink.problem() == family_problem("fd00::7")
    assert Webhook("http://[fd00::7]:80/").problem() == f"url: {family_problem('fd00::7')}"


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 61.0, float("nan"), float("inf")])
def test_a_time_without_end_is_refused(timeout_s: float) -> None:
    assert time_problems(timeout_s) == [f"timeout_s: {timeout_s:g} is not allowed; give 0.1 to 60 seconds"]


def test_all_problems_are_raised_at_once_with_the_name_of_the_sink() -> None:
    refuse("mqtt", [])
    with pytest.raises(ConfigError) as caught:
        refuse("mqtt", ["a: 1", "b: 2"])
    assert caught.value.problems == ["mqtt.a: 1", "mqtt.b: 2"]


def test_a_key_without_its_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    assert tls_problems(None, None, tmp_path / "key") == [
        f"key_file: '{tmp_path}/key' is given without a certificate_file; name that too"
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (ssl.SSLError(1, "x"), "TLS failed: link ended"),
        (OSError(), "OSError"),
        (ValueError("red\x1b[31m" + "x" * 999), "red\\x1b[31m" + "x" * 192),
    ],
)
def test_a_reason_is_short_and_inert(error: Exception, said: str) -> None:
    assert reason(error) == said


@pytest.mark.service
def test_certificates_that_were_renewed_count_at_once(tmp_path: Path) -> None:
    first = tls(certificate(tmp_path))
    assert tls(tmp_path / "localhost.pem") is first
    second = tls(certificate(tmp_path))
    assert second.get_ca_certs() != first.get_ca_certs()
