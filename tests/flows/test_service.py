from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from payloads import streams_of
from redshank.flows.service import NAMES, NONE, STREAM, Hint, Recognizer, Service, find

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


def test_a_hint_fits_by_the_first_byte_of_either_side() -> None:
    table = Hint(proto=6, client=b"AB", server=None).table()
    assert table.shape == (2, 2, 256)
    assert np.flatnonzero(table[0, 0]).tolist() == [65, 66]
    assert table[0, 1].all()
    assert not table[1].any()
    assert Hint().table().all()
    assert not Hint(client=b"", server=b"").table().any()


def _read(_data: object, streams: Array, numbers: Array, spans: Array, room: Array) -> None:
    for k in range(len(streams)):
        if streams["resp_port"][k] == 0:
            continue
        numbers[k] = streams["resp_port"][k], streams["resp_port"][k] % 2
        room[k, :3] = 97, 0, 98 + k % 3
        spans[k, 0] = 0, 3


def _service(**more: object) -> Service:
    module = find("http")
    fields = {"n": "number", "t": "text", "f": "flag"}
    return Service("x", module.recognize, Hint(), fields, 8, _read, **{"finish": None, **more})  # type: ignore[arg-type]


def test_fields_are_read_in_the_order_of_flows_and_null_where_nothing_is_set() -> None:
    streams = np.zeros(2500, STREAM)
    streams["resp_port"] = np.arange(2500)
    columns = _service().columns(np.zeros(0, np.uint8), streams)
    assert columns["n"].to_pylist() == [None, *range(1, 2500)]
    assert columns["f"].to_pylist()[:4] == [None, True, False, True]
    assert columns["t"].to_pylist()[:3] == [None, r"a\x00c", r"a\x00d"]


def test_what_was_read_may_be_finished() -> None:
    def finish(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        return {"both": pa.array([f"{n}{t}" for n, t in zip(columns["n"], columns["t"], strict=True)])}

    streams = np.zeros(1, STREAM)
    streams["resp_port"] = 7
    assert _service(finish=finish).columns(np.zeros(0, np.uint8), streams)["both"].to_pylist() == [r"7a\x00b"]


def test_null_is_a_number_that_no_field_holds() -> None:
    assert NONE == -(2**63)


def test_every_service_can_be_found() -> None:
    assert "dns" in NAMES
    assert all(find(name).name == name for name in NAMES)
