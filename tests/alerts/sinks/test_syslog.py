import re
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from peers import Peer, certificate, closed_port, rsyslog, served_with, syslog, until
from redshank.alerts.sinks.syslog import Syslog, to_message
from redshank.core.errors import ConfigError, DeliveryError
from told import ALERT, FLOW, HOSTILE

# RFC 5424 section 6, written as an expression: HEADER SP STRUCTURED-DATA SP MSG.
RFC_5424 = re.compile(
    r"<(?P<priority>\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]{1,255} redshank \d+ alert "
    r'\[redshank@32473(?P<data>( [!-<>-~]{1,32}="([^"\\\]]|\\.)*")*)\] (?P<text>[ -~]*)'
)


def peer(place: Path, port: int) -> Peer:
    return Peer(place, syslog, port)


def towards(port: int) -> Syslog:
    return Syslog("127.0.0.1", "tcp", port, timeout_s=20.0)


def example(place: Path) -> Syslog:
    return towards(peer(place, 0).port)


def values(message: str) -> dict[str, str]:
    found = RFC_5424.fullmatch(message)
    assert found, message
    pairs = re.findall(r' ([^ =]+)="((?:[^"\\\]]|\\.)*)"', found["data"])
    return {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in pairs}


def test_a_message_is_as_rfc_5424_says(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    towards(server.port).deliver(ALERT)
    (message,) = server.heard
    found = RFC_5424.fullmatch(message)
    assert found
    assert int(found["priority"]) == 16 * 8 + 3  # local0, error
    assert " 2023-11-14T22:16:00.000000Z " in message
    assert found["text"] == (
        "high: dos by 10.0.0.66 against 10.0.0.1 and 1 more, 120 flows, score 0.99, told again: Block it."
    )
    told = values(message)
    names = ("id", "revision", "over", "family", "device", "targetCount", "rules", "flowPValue")
    assert {name: told[name] for name in names} == {
        "id": "0123456789abcdef", "revision": "1", "over": "false", "family": "dos", "device": "10.0.0.66",
        "targetCount": "2", "rules": "telnet_sweep", "flowPValue": "0.000500",
    }  # fmt: skip
    assert len(message) < 2_048  # what every receiver over UDP should take


def test_cef_is_the_text_if_it_is_wanted() -> None:
    message = to_message(replace(ALERT, measure="a=b|c\\d"), 4, 32_473, cef=True).decode()
    text = RFC_5424.fullmatch(message)["text"]  # type: ignore[index]
    head, extension = text.split("|10|" if ALERT.severity == "critical" else "|8|")
    assert head.startswith("CEF:0|Redshank|redshank|")
    assert head.split("|")[4] == "dos"
    fields = dict(re.findall(r"(\w+)=((?:[^=\\]|\\.)*)(?: (?=\w+=)|$)", extension))
    assert fields["src"] == "10.0.0.66"
    assert fields["dst"] == "10.0.0.1"
    assert (fields["rt"], fields["cnt"], fields["dpt"]) == ("1700000160000", "120", "1883")
    assert fields["msg"] == r"a\=b|c\\d"
    assert (fields["cfp1Label"], fields["cfp1"]) == ("flowPValue", "0.000500")


def test_cef_has_no_p_value_where_no_model_gave_one() -> None:
    for evidence in ((), (replace(FLOW, p_value=None),)):
        assert "cfp1" not in to_message(replace(ALERT, evidence=evidence), 4, 32_473, cef=True).decode()


def test_cef_has_own_fields_for_ipv6_and_none_for_what_is_no_address() -> None:
    alert = replace(ALERT, device="fd00::7", targets=("not an address",))
    text = to_message(alert, 4, 32_473, cef=True).decode()
    assert "c6a2Label=Source IPv6 Address c6a2=fd00::7" in text
    assert " src=" not in text
    assert " dst=" not in text


@given(st.text(max_size=40), st.booleans())
@settings(max_examples=examples(100), deadline=None)
def test_hostile_text_ends_no_value_and_no_message(text: str, cef: bool) -> None:  # noqa: FBT001  drawn
    flow = replace(FLOW, community_id=text, proto=text)
    told = replace(ALERT, device=text, family=text, targets=(text,), measure=text, rules=(text,), evidence=(flow,))
    message = to_message(told, 16, 32_473, cef=cef).decode("ascii")
    found = values(message)
    assert found["id"] == ALERT.id
    assert all(" " <= c <= "~" for c in message)
    if text.isascii() and text.isprintable() and text:
        assert found["device"] == text


def test_a_newline_in_a_message_is_no_other_message(tmp_path: Path) -> None:
    server = peer(tmp_path, 0)
    towards(server.port).deliver(replace(ALERT, device="x\n<13>1 - - - - - - forged", measure=HOSTILE))
    assert len(server.heard) == 1
    assert "\n" not in server.heard[0]


def test_over_udp_a_datagram_holds_one_message() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        Syslog("127.0.0.1", port=server.getsockname()[1]).deliver(ALERT)
        assert values(server.recv(65_536).decode())["id"] == ALERT.id


def test_over_udp_a_machine_that_takes_no_syslog_is_a_delivery_error() -> None:
    with (
        closed_port() as port,
        pytest.raises(DeliveryError, match=r"127.0.0.1:\d+ over udp \(Connection refused"),
    ):
        Syslog("127.0.0.1", port=port).deliver(ALERT)


@pytest.mark.service
def test_over_tls_a_server_has_to_prove_its_name(tmp_path: Path) -> None:
    own, other = certificate(tmp_path), certificate(tmp_path, "elsewhere.example")
    server = Peer(tmp_path, syslog, context=served_with(own))
    Syslog("localhost", "tls", server.port, ca_file=own).deliver(ALERT)
    until(lambda: server.heard)
    assert values(server.heard[0])["id"] == ALERT.id
    with pytest.raises(DeliveryError, match=r"over tls \(certificate not trusted: self-signed certificate"):
        Syslog("localhost", "tls", server.port).deliver(ALERT)
    wrong = Peer(tmp_path, syslog, context=served_with(other))
    with pytest.raises(DeliveryError, match=r"certificate not trusted: Hostname mismatch"):
        Syslog("localhost", "tls", wrong.port, ca_file=other).deliver(ALERT)


def test_a_server_that_ends_the_link_before_it_read_all_is_a_delivery_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def close() -> None:
            link, _ = door.accept()
            link.recv(1)
            link.close()

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(DeliveryError, match=r"over tcp \(.*(reset by peer|pipe|not connected)\)") as caught:
            Syslog("127.0.0.1", "tcp", door.getsockname()[1]).deliver(ALERT)
        assert caught.value.in_doubt
        thread.join(5)


@pytest.mark.service
def test_rsyslog_takes_every_alert_once_and_reads_its_structured_data(tmp_path: Path) -> None:
    server = rsyslog(tmp_path)
    sink = Syslog("127.0.0.1", "tcp", server.port, timeout_s=20.0)
    sink.deliver(ALERT)
    sink.deliver(replace(ALERT, id="f" * 16, device='\n<1>1 - "] forged'))
    until(lambda: len(server.taken()) == 2)
    first, second = server.taken()
    assert first.startswith('err|redshank|[redshank@32473 id="0123456789abcdef" revision="1" over="false"')
    assert first.split("|")[3].strip().startswith("high: dos by 10.0.0.66 against 10.0.0.1")
    assert 'device="\\\\n<1>1 - \\"\\] forged"' in second


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Syslog("so c", "tls", 0, facility=24, enterprise=-1, ca_file=tmp_path / "ca.pem", timeout_s=61)
    assert [problem.removeprefix("syslog.") for problem in caught.value.problems] == [
        "host: 'so c' is no name or address; give one as in 'logs.example.net' or '192.0.2.7'",
        "port: 0 is none; allowed are 1 to 65535",
        "timeout_s: 61 is not allowed; give 0.1 to 60 seconds",
        "facility: 24 is none; allowed are 0 to 23",
        "enterprise: -1 is no number of an enterprise; give one from 0 on",
        f"ca_file: cannot read '{tmp_path}/ca.pem'; name a file that this program may read",
    ]
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=r"syslog.ca_file: '.*/ca.pem' cannot be used for TLS \(.*\); give files in"):
        Syslog("h", "tls", ca_file=tmp_path / "ca.pem")
