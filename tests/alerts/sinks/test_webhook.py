import hashlib
import hmac
import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from peers import Peer, certificate, nginx, served_with, until, web
from redshank.alerts.message import mark
from redshank.alerts.sinks.webhook import Webhook
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.records import Alert
from told import ALERT

SECRET = "hush-hush-1234"


def peer(place: Path, port: int) -> Peer:
    return Peer(place, web(), port)


def towards(port: int) -> Webhook:
    return Webhook(f"http://127.0.0.1:{port}/alerts", timeout_s=20.0)


def example(place: Path) -> Webhook:
    return towards(peer(place, 0).port)


def headers(peer: Peer) -> dict[str, str]:
    return {k.lower(): v for k, v in (line.split(": ", 1) for line in peer.heard[0].splitlines()[1:])}


def test_the_whole_alert_is_posted_and_its_revision_is_the_key(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    towards(server.port).deliver(ALERT)
    assert server.heard[0].startswith("POST /alerts HTTP/1.1")
    assert Alert.from_json(server.heard[1]) == ALERT
    found = headers(server)
    assert found["idempotency-key"] == f'"{mark(ALERT)}"'
    assert found["content-type"] == "application/json"
    assert not {"authorization", "x-redshank-signature"} & set(found)


def test_who_knows_the_secret_can_tell_who_sent_it_and_when(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    begin = int(time.time())
    replace(towards(server.port), secret_file=tmp_path / "secret").deliver(ALERT)
    found = headers(server)
    signed = f"{found['x-redshank-timestamp']}.{server.heard[1]}".encode()
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert found["x-redshank-signature"] == f"sha256={digest}"
    assert begin <= int(found["x-redshank-timestamp"]) <= time.time()


def test_a_token_that_was_changed_counts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = peer(tmp_path, 0)
    monkeypatch.setenv("HOOK_TOKEN", "one")
    sink = replace(towards(server.port), token_env="HOOK_TOKEN")
    monkeypatch.setenv("HOOK_TOKEN", SECRET)
    sink.deliver(ALERT)
    assert headers(server)["authorization"] == f"Bearer {SECRET}"
    monkeypatch.delenv("HOOK_TOKEN")
    with pytest.raises(DeliveryError, match="token_env: the variable 'HOOK_TOKEN' is empty; put the secret there"):
        sink.deliver(ALERT)


def test_slack_shows_a_text_and_nothing_in_it_is_markup(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    sink = replace(towards(server.port), format="slack")
    sink.deliver(replace(ALERT, device="<!channel> & more"))
    text = json.loads(server.heard[1])["text"]
    assert text == (
        "2023-11-14 22:16:00 UTC high: dos by &lt;!channel&gt; &amp; more against 10.0.0.1 and 1 more, 120 flows, "
        "score 0.99, told again\nBlock it.\nFirst flow: 1 in 2,000 benign flows is as suspicious (p = 0.0005)"
    )
    sink.deliver(replace(ALERT, evidence=()))
    assert json.loads(server.heard[-1])["text"].endswith("told again\nBlock it.")


@pytest.mark.parametrize(("status", "in_doubt"), [(301, False), (404, False), (500, True), (504, True)])
def test_a_status_that_is_not_good_is_a_delivery_error_and_no_redirection_is_followed(
    tmp_path: Path, status: int, *, in_doubt: bool
) -> None:
    server = Peer(tmp_path, web(status))
    said = rf"not taken by http://127.0.0.1 \(status {status}\); see address, token"
    with pytest.raises(DeliveryError, match=said) as caught:
        towards(server.port).deliver(ALERT)
    assert caught.value.in_doubt is in_doubt
    assert server.links == 1


def test_a_server_that_goes_away_with_the_request_may_have_taken_it(tmp_path: Path) -> None:
    def talk(peer: Peer, link: socket.socket) -> None:
        peer.heard.append(link.recv(65_536).decode())

    with pytest.raises(DeliveryError, match=r"not posted to http://127.0.0.1 \(.*\); see that the server") as caught:
        towards(Peer(tmp_path, talk).port).deliver(ALERT)
    assert caught.value.in_doubt


@pytest.mark.service
def test_over_tls_a_server_has_to_prove_its_name(tmp_path: Path) -> None:
    good, other = certificate(tmp_path), certificate(tmp_path, "elsewhere.example")
    for path, trusted in ((good, good), (good, None), (other, other)):
        server = Peer(tmp_path, web(), context=served_with(path))
        sink = Webhook(f"https://localhost:{server.port}/", ca_file=trusted, timeout_s=20.0)
        if path == trusted == good:
            sink.deliver(ALERT)
            assert Alert.from_json(server.heard[1]) == ALERT
        else:
            with pytest.raises(DeliveryError, match="not posted to https://localhost .*certificate verify failed"):
                sink.deliver(ALERT)
            assert server.heard == []


@pytest.mark.service
def test_nginx_takes_every_alert_once_and_sees_its_key(tmp_path: Path) -> None:
    server = nginx(tmp_path)
    alerts = [ALERT, replace(ALERT, revision=2, device="x\x1b[31m\u202e")]
    for alert in alerts:
        towards(server.port).deliver(alert)
    until(lambda: len(server.taken()) == 2)
    taken = [json.loads(line) for line in server.taken()]
    assert [(one["status"], one["key"]) for one in taken] == [(204, f'"{mark(alert)}"') for alert in alerts]
    assert [Alert.from_json(one["body"]) for one in taken] == alerts


def test_no_secret_shows_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("S", SECRET)
    server = Peer(tmp_path, web(500))
    sink = Webhook(f"http://127.0.0.1:{server.port}/{SECRET}", secret_env="S", token_env="S")
    with pytest.raises(DeliveryError) as caught:
        sink.deliver(ALERT)
    assert SECRET not in repr(sink) + str(caught.value) + repr(caught.value.__dict__) + caplog.text
    with pytest.raises(ConfigError) as wrong:
        Webhook(f"http://me:{SECRET}@127.0.0.1/")
    assert wrong.value.problems == ["webhook.url: it holds a user or password; put a token in token_file instead"]
    monkeypatch.setenv("S", f"{SECRET}\nX-More: header")
    with pytest.raises(ConfigError, match="secret_env: the variable 'S' holds what is not printable ASCII") as wrong:
        Webhook("http://127.0.0.1/", secret_env="S")
    assert SECRET not in str(wrong.value)


def test_an_address_may_come_from_a_file(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    (tmp_path / "url").write_text(f"http://127.0.0.1:{server.port}/T0/B0/{SECRET}\n")
    sink = Webhook(url_file=tmp_path / "url")
    sink.deliver(ALERT)
    assert server.heard[0].startswith(f"POST /T0/B0/{SECRET} ")
    assert SECRET not in repr(sink)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("htp://soc.local", "url: 'htp' is not http or https; give one as in 'https://soc.example.net/alerts'"),
        ("http://so c/", "url: host: 'so%20c' is no name or address"),
        ("http://\x00/", "url: it cannot be read as an address"),
        ("http://h:99999/", "url: port: 99999 is none; allowed are 1 to 65535"),
        ("", "url: no address is given; give one of url, url_file, url_env"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Webhook(url)
    assert caught.value.problems[0].startswith(f"webhook.{problem}")


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Webhook(
            "ftp://h/", url_env="U", secret_file=tmp_path / "no", token_file=tmp_path, token_env="T",
            ca_file=tmp_path / "ca.pem", key_file=tmp_path / "key", timeout_s=0,
        )  # fmt: skip
    assert [problem.removeprefix("webhook.") for problem in caught.value.problems] == [
        "timeout_s: 0 is not allowed; give 0.1 to 60 seconds",
        f"ca_file: cannot read '{tmp_path}/ca.pem'; name a file that this program may read",
        f"key_file: cannot read '{tmp_path}/key'; name a file that this program may read",
        f"key_file: '{tmp_path}/key' is given without a certificate_file; name that too",
        f"secret_file: '{tmp_path}/no' cannot be read (FileNotFoundError); put the secret there",
        "token_env: 'T' is given beside token_file; give one of the two",
        "url: url and url_env are given; give one of url, url_file, url_env",
    ]
