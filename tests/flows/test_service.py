from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from payloads import streams_of
from redshank.flows.service import NAMES, NONE, STREAM, Fields, Hint, Recognizer, Service, find

Array = npt.NDArray[Any]


def _bits(*names: str) -> int:
    return sum(1 << NAMES.index(name) for name in names)


def test_the_text_names_every_service_of_a_flow() -> None:
    services = np.array([0, _bits("ssl", "http"), _bits("dns"), 0], np.uint64)
    assert Recognizer().texts(services).to_pylist() == [None, "http,ssl", "dns", None]


def test_no_flows_are_no_texts() -> None:
    recognizer, none = Recognizer(), np.zeros(0, STREAM)
    services = recognizer.look(np.zeros(0, np.uint8), none)
    assert recognizer.texts(services).to_pylist() == []
    assert recognizer.fields(np.zeros(0, np.uint8), none, services) == {}


def test_the_flows_of_a_batch_are_told_apart() -> None:
    flows = [(b"GET / HTTP/1.1\r\n\r\n", b""), (b"", b""), (b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n"), (b"\xff", b"\xff")]
    data, streams = streams_of(flows, proto=6, port=9999)
    recognizer = Recognizer()
    assert recognizer.texts(recognizer.look(data, streams)).to_pylist() == ["http", None, "ssh", None]


@pytest.mark.parametrize("proto", [0, 1, 50, 255])
def test_only_what_tcp_and_udp_carry_is_looked_at(proto: int) -> None:
    data, streams = streams_of([(b"GET / HTTP/1.1\r\n\r\n", b"")], proto=proto, port=80)
    assert Recognizer().look(data, streams).tolist() == [0]


def test_a_flow_whose_bytes_were_lost_keeps_its_service_without_fields() -> None:
    data, streams = streams_of([(b"", b""), (b"GET / HTTP/1.1\r\n\r\n", b"")], proto=6, port=80)
    services = np.array([_bits("http"), _bits("http")], np.uint64)
    assert Recognizer().fields(data, streams, services)["http_trans_depth"].to_pylist() == [None, 1]


def test_the_only_flow_of_a_service_may_have_lost_its_bytes() -> None:
    services = np.array([1 << NAMES.index("mqtt"), 0], np.uint64)
    assert Recognizer().fields(np.zeros(1, np.uint8), np.zeros(2, STREAM), services) == {}


def _read(_data: object, streams: Array, which: Array, numbers: Array, spans: Array, room: Array, place: int) -> int:
    for k, flow in enumerate(which):
        port = streams["resp_port"][flow]
        if port:
            numbers[k] = port, port % 2
            letters = b"a\x00" + b"b" * (port % 7)
            assert len(room) >= place + 8 * (len(which) - k) + 16
            room[place : place + len(letters)] = np.frombuffer(letters, np.uint8)
            spans[k] = place, place + len(letters), place, place + 1
            place += len(letters)
    return place


def _service() -> Service:
    fields = {"dns_rcode": "number", "dns_query": "text", "dns_AA": "flag", "ssl_ja3": bytes.hex}
    return Service("x", find("http").recognize, (Hint(),), fields, 8, 16, _read)  # type: ignore[arg-type]


def test_fields_are_read_in_the_order_of_flows_and_null_where_nothing_is_set() -> None:
    streams = np.zeros(2500, STREAM)
    streams["resp_port"] = np.arange(2500)
    which = np.arange(0, 2500, 2)
    columns = Fields(_service()).columns(np.zeros(0, np.uint8), streams, which)
    even = [port if port % 2 == 0 and port else None for port in range(2500)]
    assert columns["dns_rcode"].to_pylist() == even
    assert columns["dns_AA"].to_pylist() == [None if port is None else False for port in even]
    assert columns["dns_query"].to_pylist() == [None if port is None else r"a\x00" + "b" * (port % 7) for port in even]
    assert columns["ssl_ja3"].to_pylist() == [None if port is None else "61" for port in even]


def test_a_column_that_nobody_knows_is_left_out() -> None:
    assert Fields(_service()).columns(np.zeros(0, np.uint8), np.zeros(3, STREAM), np.arange(3)) == {}


def test_what_is_known_is_not_looked_for_again() -> None:
    data, streams = streams_of([(b"GET / HTTP/1.1\r\n\r\n", b""), (b"GET / HTTP/1.1\r\n\r\n", b"")], proto=6, port=80)
    known = np.array([0, _bits("ssl")], np.uint64)
    assert Recognizer().look(data, streams, known).tolist() == [_bits("http"), _bits("http", "ssl")]
    assert known.tolist() == [0, _bits("ssl")]


def test_null_is_a_number_that_no_field_holds() -> None:
    assert NONE == -(2**63)


def test_every_service_can_be_found() -> None:
    assert "dns" in NAMES
    assert all(find(name).name == name for name in NAMES)
