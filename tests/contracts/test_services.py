"""Every service keeps every promise of flows/service.py.

A service's mirrored test defines `example() -> (client, server, proto, port)`: first bytes of a flow that speaks it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.examples import TESTS, example_of
from drawn import examples
from payloads import Flow, streams_of
from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.service import NAMES, NONE, Fields, Hint, Recognizer, Service, find
from redshank.flows.sources.sensor import Sensor

BY_CONTENT = [name for name in NAMES if any(list(hint.sides()) for hint in find(name).hints)]
READERS = [name for name in NAMES if find(name).fields]
FILLERS = (0, 13, 255)
GUARD = 165
BEFORE = 24
"""Bytes that the texts of flows read before take."""


def flow_of(name: str) -> tuple[Flow, int, int]:
    client, server, proto, port = example_of("flows/services", name)()
    return (client, server), proto, port


@st.composite
def changed(draw: st.DrawFn, base: bytes) -> bytes:
    """Draw bytes near those that a service knows, or any."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(max_size=80))
    side = bytearray(base[: draw(st.integers(0, len(base)))] if draw(st.booleans()) else base)
    for _ in range(draw(st.integers(0, 3)) if side else 0):
        side[draw(st.integers(0, len(side) - 1))] = draw(st.integers(0, 255))
    return bytes(side) + draw(st.sampled_from([b"", b"\0" * 40, b"\xff" * 40, base]))


def near(flow: Flow) -> st.SearchStrategy[list[Flow]]:
    return st.lists(st.tuples(changed(flow[0]), changed(flow[1])), min_size=6, max_size=6)


def looks(service: Service, flows: list[Flow], proto: int, port: int) -> list[int]:
    """Recognize flows between guards of several kinds: the answer is the same."""
    answers = []
    for filler in FILLERS:
        data, streams = streams_of(flows, proto=proto, port=port, filler=filler)
        found = np.zeros(len(flows), np.uint8)
        service.recognize(data, streams, np.arange(len(flows)), found)
        answers.append(found.tolist())
    assert answers[0] == answers[1] == answers[2], flows
    assert set(answers[0]) <= {0, 1}
    return answers[0]


def guarded(shape: tuple[int, ...], kind: type[Any], value: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return an array, and the memory behind it that nobody may write to."""
    size = int(np.prod(shape))
    memory = np.full(size + 64, GUARD, kind)
    memory[:size] = value
    return memory[:size].reshape(shape), memory[size:]


def reads(service: Service, flow: Flow, proto: int, port: int, filler: int) -> tuple[list[int], list[bytes | None]]:
    """Read a flow into arrays between guards; return numbers and texts."""
    data, streams = streams_of([flow], proto=proto, port=port, filler=filler)
    texts, others = service.texts, service.numbers
    numbers, behind_numbers = guarded((1, len(others)), np.int64, NONE)
    spans, behind_spans = guarded((1, 2 * len(texts)), np.int64, -1)
    room, behind_room = guarded((BEFORE + service.room + service.space,), np.uint8, filler)
    before = data.copy()
    assert service.read is not None
    end = service.read(data, streams, np.arange(1), numbers, spans, room, BEFORE)
    for guard in (behind_numbers, behind_spans, behind_room):
        assert (guard == GUARD).all(), flow
    assert (data == before).all()
    assert (room[:BEFORE] == filler).all()
    assert BEFORE <= end <= BEFORE + service.room
    for start, stop in spans.reshape(-1, 2).tolist():
        assert (start, stop) == (-1, -1) or BEFORE <= start <= stop <= end, flow
    for name, value in zip(others, numbers[0].tolist(), strict=True):
        assert service.fields[name] == "number" or value in {0, 1, NONE}, (name, flow)
    return numbers[0].tolist(), [room[a:b].tobytes() if a >= 0 else None for a, b in spans.reshape(-1, 2).tolist()]


def test_there_are_bits_for_all() -> None:
    assert len(NAMES) <= 64
    assert sorted(NAMES) == list(NAMES)
    assert len(BY_CONTENT) > 40


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_what_the_contract_asks_for(name: str) -> None:
    service = find(name)
    assert all(isinstance(hint, Hint) for hint in service.hints)
    assert (TESTS / "flows" / "services" / f"test_{name}.py").is_file()
    assert all(kind in {"text", "number", "flag"} or callable(kind) for kind in service.fields.values())
    assert set(service.fields) <= set(FLOW.names)
    assert (service.read is None) == (not service.fields)


@pytest.mark.parametrize("name", BY_CONTENT)
def test_its_example_is_recognized_with_its_hint_and_alone_nothing_is(name: str) -> None:
    flow, proto, port = flow_of(name)
    data, streams = streams_of([flow, (b"", b"")], proto=proto, port=port)
    bit = np.uint64(1 << NAMES.index(name))
    assert (Recognizer().look(data, streams) & bit != 0).tolist() == [True, False]


@pytest.mark.parametrize("name", BY_CONTENT)
def test_any_bytes_survive_and_only_those_of_the_flow_count(name: str) -> None:
    flow, proto, port = flow_of(name)
    service = find(name)
    bit = np.uint64(1 << NAMES.index(name))
    recognizer = Recognizer()

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(near(flow), st.sampled_from([proto, 6, 17]), st.sampled_from([port, 0, 65535]))
    def check(flows: list[Flow], proto: int, port: int) -> None:
        found = looks(service, flows, proto, port)
        data, streams = streams_of(flows, proto=proto, port=port)
        hinted = (recognizer.look(data, streams) & bit != 0).tolist()
        assert [bool(value) for value in found] == hinted, flows  # the hint hides nothing

    check()


@pytest.mark.parametrize("name", READERS)
def test_any_flow_it_recognizes_is_read_within_bounds(name: str) -> None:
    flow, proto, port = flow_of(name)
    service = find(name)

    @settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
    @given(near(flow))
    def check(flows: list[Flow]) -> None:
        found = looks(service, [flow, *flows], proto, port)
        for one, spoken in zip([flow, *flows], found, strict=True):
            if spoken:
                seen = [reads(service, one, proto, port, filler) for filler in FILLERS]
                assert seen[0] == seen[1] == seen[2], one

    check()


@pytest.mark.parametrize("name", READERS)
def test_its_fields_are_columns_of_flows(name: str) -> None:
    flow, proto, port = flow_of(name)
    data, streams = streams_of([flow] * 300, proto=proto, port=port)
    fields = Fields(find(name))
    for which in (np.arange(300), np.arange(1)):
        columns = fields.columns(data, streams, which)
        assert columns
        for column, values in columns.items():
            values.validate(full=True)
            assert values.type == FLOW.field(column).type
            assert values.to_pylist() == [values[0].as_py()] * len(which) + [None] * (300 - len(which))


def test_a_kernel_is_loaded_when_a_flow_may_need_it() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from payloads import streams_of\n"
        "from redshank.flows.service import NAMES, Recognizer, find\n"
        "recognizer = Recognizer()\n"
        "loaded = lambda: {n for n in NAMES if find(n).recognize.compiled}\n"
        "assert loaded() == set(), loaded()\n"
        "recognizer.look(*streams_of([(b'', b'')], proto=6, port=80))\n"
        "assert loaded() == set(), loaded()\n"
        "recognizer.look(*streams_of([(b'SSH-2.0-x', b'SSH-2.0-y')], proto=6, port=22))\n"
        "assert 'ssh' in loaded()\n"
        "assert not {'dhcp', 'ntp', 'quic', 'redis', 'smb', 'snmp'} & loaded(), loaded()\n"
        "read = [n for n in NAMES if find(n).read is not None and find(n).read.compiled]\n"
        "assert read == [], read\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=TESTS.parent, check=True, timeout=120)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "counts"),
    [  # distinct values and handshakes as tshark 4.0 counts them: dns.qry.name, tls.handshake.ja3, ServerHellos
        ("benign-iot/ndpi__alexa-app.pcapng", {"dns_query": 18, "ssl_ja3": 8, "ssl_server_name": 14, "ssl": 88}),
        ("attacks/slips__test-cc-capture-2.pcap", {"dns_query": 203, "ssl_ja3": 1, "ssl_server_name": 1, "ssl": 22}),
        ("attacks/ndpi__WebattackSQLinj.pcap", {"http_uri": 5, "http_host": 1, "ssl": 0}),
    ],
)
def test_recordings_are_read_as_tshark_reads_them(name: str, counts: dict[str, int], data: Path) -> None:
    sensor = Sensor(Pcap(data / "pcaps" / name), MeterSettings(capacity=4096, seed=1))
    table = pa.Table.from_batches(sensor.batches(), FLOW)
    found = {column: len(table[column].drop_null().unique()) for column in counts if column != "ssl"}
    final = table.filter(pc.equal(table["part"], "final"))
    assert {**found, "ssl": final["ssl_cipher"].length() - final["ssl_cipher"].null_count} == counts
