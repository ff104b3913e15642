import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest

from peers import until
from redshank.config import Sensor as Settings
from redshank.core.errors import ConfigError
from redshank.flows.meter import MeterSettings
from redshank.flows.source import FLOW_SOURCES, FlowSource
from redshank.flows.sources.zeek import Zeek
from redshank.inputs import METER, From, Inputs, ended_in_time, settings_chosen, until_interrupted

LOG = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_pkts\n"


class Waiting(FlowSource):
    """A source that waits until somebody asks it to end."""

    def __init__(self) -> None:
        self.anomalies = {}
        self.packets = self.packet_bytes = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "input: none given; name exactly one, with -r PATH, -i INTERFACE or --from TOOL PATH"),
        ({"read": Path("a"), "interfaces": ("eth0", "eth1")}, "input: -r a and -i eth0 -i eth1 given"),
        ({"read": Path("a"), "records": ("zeek", Path("b"))}, "input: -r a and --from zeek b given"),
        ({"read": Path("a"), "bpf": "port 53"}, "--bpf: 'port 53' is for the packets of -i"),
        ({"interfaces": ("eth0",), "follow": True}, "--follow: -i eth0 is followed anyway"),
        ({"read": Path("-"), "follow": True}, "--follow: -r - is followed anyway"),
        ({"read": Path("a"), "seconds": 2.5}, "--seconds: 2.5 is for a wire, or with --follow; -r a has an end"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Inputs(**given)  # type: ignore[arg-type]


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Inputs(read=Path("a"), bpf="tcp", seconds=1)
    assert len(caught.value.problems) == 2


def test_a_tool_that_is_not_known_is_refused_with_its_neighbors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no 'zeak'; did you mean 'zeek'"):
        Inputs(records=("zeak", tmp_path)).source(Settings())
    with pytest.raises(ConfigError, match="--from: 'sensor' meters packets itself"):
        Inputs(records=("sensor", tmp_path)).source(Settings())


def test_only_growing_logs_and_folders_are_followed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--follow: records of 'argus' come as whole files"):
        Inputs(records=("argus", tmp_path / "a.csv"), follow=True).source(Settings())
    with pytest.raises(ConfigError, match=f"--follow: '{tmp_path}/a.pcap' is a file; name the folder"):
        Inputs(read=tmp_path / "a.pcap", follow=True).source(Settings())


def test_what_is_read_has_a_name_for_a_title_and_a_path_to_keep() -> None:
    assert (Inputs(read=Path("a.pcap")).place, Inputs(read=Path("a.pcap")).path) == ("a.pcap", Path("a.pcap"))
    assert (Inputs(read=Path("-")).place, Inputs(read=Path("-")).path) == ("standard input", None)
    assert (Inputs(interfaces=("a", "b")).place, Inputs(interfaces=("a", "b")).path) == ("a, b", None)
    assert (Inputs(records=("zeek", Path("c"))).place, Inputs(records=("zeek", Path("c"))).path) == ("c", Path("c"))


def test_records_are_opened_by_the_name_of_their_tool(tmp_path: Path) -> None:
    (tmp_path / "conn.log").write_text(LOG)
    assert isinstance(Inputs(records=("zeek", tmp_path)).source(Settings()), Zeek)


def test_a_capture_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        Inputs(read=tmp_path / "none.pcap").source(Settings())


def test_the_first_interrupt_asks_an_endless_source_to_end_and_the_second_breaks_off() -> None:
    source = Waiting()
    before = signal.getsignal(signal.SIGINT)
    with until_interrupted(Inputs(interfaces=("eth0",)), source):
        signal.raise_signal(signal.SIGINT)
        assert source.stopping
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_breaks_off_a_source_with_an_end() -> None:
    source = Waiting()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with none
    try:
        with pytest.raises(KeyboardInterrupt), until_interrupted(Inputs(read=Path("a")), source):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not source.stopping


def test_an_endless_source_is_asked_to_end_after_its_time() -> None:
    source = Waiting()
    with ended_in_time(Inputs(interfaces=("eth0",), seconds=0.01), source):
        until(lambda: source.stopping)
    assert list(source.batches()) == []


def test_the_help_names_every_tool_whose_records_are_read() -> None:
    option = get_args(From)[1]
    for name in FLOW_SOURCES.names():
        assert (name in option.help) == (name != METER), name


@pytest.mark.parametrize("name", ["capacity", "checksums", "interim_packets"])
def test_without_settings_the_meter_is_as_they_are_by_default(name: str) -> None:
    assert getattr(MeterSettings(), name) == getattr(Settings(), name)


def test_a_capacity_goes_before_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="meter.capacity: 3 is not 16 to"):
        Inputs(read=tmp_path / "one.pcap").source(Settings(), 3)


def test_settings_are_chosen_by_a_file_or_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("REDSHANK_")]:
        monkeypatch.delenv(name)
    assert not settings_chosen(None)
    assert settings_chosen(Path("redshank.toml"))
    monkeypatch.setenv("redshank_sensor__checksums", "true")
    assert settings_chosen(None)
