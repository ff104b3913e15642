import base64
import email
import email.policy
import json
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from peers import Peer, Talk, certificate, mail, served_with
from redshank.alerts.message import mark
from redshank.alerts.sinks.email import Email, to_message
from redshank.core.errors import ConfigError, DeliveryError
from told import ALERT, HOSTILE

PASSWORD = "hush-hush-1234"


def peer(place: Path, port: int) -> Peer:
    return Peer(place, mail(), port)


def towards(port: int) -> Email:
    return Email("127.0.0.1", "ids@example.net", ("soc@example.net", "op@example.net"), "none", port, timeout_s=20.0)


def example(place: Path) -> Email:
    return towards(peer(place, 0).port)


def test_every_recipient_gets_what_a_person_needs(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    towards(server.port).deliver(ALERT)
    assert [line for line in server.heard if line.lower().startswith(("mail ", "rcpt "))] == [
        "mail FROM:<ids@example.net>",
        "rcpt TO:<soc@example.net>",
        "rcpt TO:<op@example.net>",
    ]
    found = email.message_from_string(server.heard[-1], policy=email.policy.default)
    assert found["Subject"] == (
        "[redshank] high: dos by 10.0.0.66 against 10.0.0.1 and 1 more, 120 flows, score 0.99, told again"
    )
    assert found["Date"] == "Tue, 14 Nov 2023 22:16:00 +0000"
    assert found["Message-ID"] == f"<{mark(ALERT)}@example.net>"
    assert found["References"] == f"<{mark(replace(ALERT, revision=0))}@example.net>"
    assert found.get_content().splitlines()[:3] == [
        "What to do: Block it.", "Alert: 0123456789abcdef, told for the 2. time", "Device: 10.0.0.66",
    ]  # fmt: skip
    assert "First flow: 1 in 2,000 benign flows is as suspicious (p = 0.0005)" in found.get_content().splitlines()


@pytest.mark.parametrize(("ends_at", "in_doubt"), [("rcpt", False), ("data", True)])
def test_a_server_that_goes_away_may_have_the_message_only_once_it_asked_for_it(
    tmp_path: Path, ends_at: str, *, in_doubt: bool
) -> None:
    def talk(peer: Peer, link: socket.socket) -> None:
        with link.makefile("rwb") as stream:
            answers = {"ehlo": b"250 peer", "data": b"354 go on"}
            line = "hello"
            while line:
                word = line.split(maxsplit=1)[0].lower()
                stream.write(answers.get(word, b"250 well" if peer.heard else b"220 peer") + b"\r\n")
                stream.flush()
                peer.heard.append(line)
                if word == ends_at:
                    stream.readline()
                    return
                line = stream.readline().decode()

    with pytest.raises(DeliveryError, match=r"not sent through 127.0.0.1:\d+ \(Connection unexpectedly") as caught:
        towards(Peer(tmp_path, talk).port).deliver(ALERT)
    assert caught.value.in_doubt is in_doubt


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_hostile_text_begins_no_header_and_no_line(text: str) -> None:
    usual = to_message(ALERT, "a@b.c", ("d@e.f",))
    told = to_message(replace(ALERT, device=text, family=text, measure=text, targets=(text,)), "a@b.c", ("d@e.f",))
    assert told.keys() == usual.keys()
    assert str(told["Subject"]).isprintable()
    written = told.as_bytes().decode("ascii")
    assert all(" " <= c <= "~" or c in "\r\n" for c in written)
    assert len(told.get_content().splitlines()) == len(usual.get_content().splitlines())


def test_a_dot_alone_ends_no_message(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    towards(server.port).deliver(replace(ALERT, measure=f"\r\n.\r\nMAIL FROM:<x@y>\r\n{HOSTILE}"))
    assert len([line for line in server.heard if line.startswith("mail ")]) == 1
    assert "MAIL FROM:<x@y>" in json.loads((tmp_path / "arrived").read_text())


@pytest.mark.service
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_who_logs_in_does_so_over_tls_with_a_server_that_proved_its_name(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificate(tmp_path)
    context = served_with(own)
    login = base64.b64encode(f"\0ids\0{PASSWORD}".encode()).decode()

    def server(context: ssl.SSLContext) -> Peer:
        within: Talk = mail(secured=context if security == "starttls" else None, login=login)
        return Peer(tmp_path, within, context=context if security == "tls" else None)

    monkeypatch.setenv("MAIL", PASSWORD)
    there = server(context)
    sink = Email(
        "localhost", "a@b.c", ("d@e.f",), security, there.port, "ids", password_env="MAIL", ca_file=own, timeout_s=20.0  # type: ignore[arg-type]
    )  # fmt: skip
    sink.deliver(ALERT)
    assert f"AUTH PLAIN {login}" in there.heard
    with pytest.raises(DeliveryError, match=r"not sent through localhost:\d+ \(certificate not trusted: self-signed"):
        replace(sink, ca_file=None, port=server(context).port).deliver(ALERT)
    monkeypatch.setenv("MAIL", "another")
    with pytest.raises(DeliveryError, match=r"not sent through localhost:\d+ \(it answered 535\)") as caught:
        sink.deliver(ALERT)
    assert "another" not in str(caught.value) + repr(sink)


def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    with pytest.raises(DeliveryError, match="STARTTLS extension not supported by server"):
        replace(towards(server.port), security="starttls").deliver(ALERT)
    assert not any(line.lower().startswith("mail") for line in server.heard)


def test_recipients_that_are_refused_are_told_and_the_others_get_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = towards(Peer(tmp_path, mail(refuses=("op@",))).port)
    assert sink.untold == 0
    for _ in range(2):
        sink.deliver(ALERT)
    assert "email: 127.0.0.1: 1 of 2 recipients refused" in caplog.text
    assert sink.untold == 2
    sink = towards(Peer(tmp_path, mail(refuses=("rcpt",))).port)
    with pytest.raises(DeliveryError, match="it refused every recipient"):
        sink.deliver(ALERT)
    assert sink.untold == 0  # it is tried again


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Email("", "no address", (), "none", 70_000, "ids", password_env="NONE_SUCH", timeout_s=0.01)
    assert [problem.removeprefix("email.") for problem in caught.value.problems] == [
        "host: '' is no name or address; give one as in 'logs.example.net' or '192.0.2.7'",
        "port: 70000 is none; allowed are 1 to 65535",
        "timeout_s: 0.01 is not allowed; give 0.1 to 60 seconds",
        "password_env: the variable 'NONE_SUCH' is empty; put the secret there",
        "sender: 'no address' is no address; give one as in 'soc@example.net'",
        "recipients: there are none; name at least one address",
        "security: 'none' would show the password to everybody; give 'starttls' or 'tls'",
    ]
    with pytest.raises(ConfigError, match="user: 'ids' and a password belong together; give both or none"):
        Email("h", "a@b.c", ("d@e.f",), user="ids")
