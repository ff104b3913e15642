from pathlib import Path

import pytest

from frames import ethernet, ipv4, pcap, udp
from redshank.config import Sensor, Settings, Source
from redshank.core.errors import ConfigError, SourceError
from redshank.feeds import feeds
from redshank.flows.source import FlowSource
from redshank.inputs import Inputs


def test_a_source_is_opened_when_it_is_needed_and_a_wire_cannot_wait(tmp_path: Path) -> None:
    header = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\torig_pkts\n"
    (tmp_path / "conn.log").write_text(header)
    found = feeds(
        Settings(
            sources=(
                Source(interfaces=("eth1", "eth2")),
                Source(name="zeek", tool="zeek", path=tmp_path / "conn.log", follow=False),
                Source(captures=tmp_path / "captures"),
            )
        )
    )
    assert {name: feed.patient for name, feed in found.items()} == {
        "eth1+eth2": False,
        "zeek": True,
        str(tmp_path / "captures"): True,
    }
    assert sum(batch.num_rows for batch in found["zeek"].opened().batches()) == 0
    with pytest.raises((ConfigError, SourceError), match="eth1"):
        found["eth1+eth2"].opened()


def test_every_mistake_of_every_source_is_told_at_once(tmp_path: Path) -> None:
    wrong = (
        Source(),
        Source(interfaces=("eth1",), tool="zeek", path=tmp_path),
        Source(tool="zeek"),
        Source(tool="zeeek", path=tmp_path, bpf="not port 22"),
        Source(interfaces=("eth3",)),
        Source(interfaces=("eth3",)),
    )
    with pytest.raises(ConfigError) as caught:
        feeds(Settings(sources=wrong))
    text = caught.value.problems
    assert text[0] == "sources.0: nothing given; name exactly one of interfaces, captures, tool"
    assert (
        text[1] == "sources.1: interfaces = eth1 and tool = zeek given; name exactly one of interfaces, captures, tool"
    )
    assert text[2] == "sources.2.path: nothing given; a tool's records need both, tool and path"
    assert text[3].startswith("sources.3.tool: no 'zeeek'; there are argus, eve,")
    assert text[4] == "sources.3.bpf: 'not port 22' is for the packets of interfaces; leave it away"
    assert text[5] == "sources.5.name: there are two sources called 'eth3'; give each a name of its own"
    assert len(text) == 6


def test_what_is_not_there_is_told_of_all_sources_at_once_and_what_may_come_right_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torn.pcap").write_bytes(b"no capture")
    sources = (
        Source(interfaces=("nowhere0",)),
        Source(captures=tmp_path / "none.pcap", follow=False),
        Source(tool="zeek", path=tmp_path / "none.log"),
        Source(tool="zeek"),
        Source(name="torn", captures=tmp_path / "torn.pcap", follow=False),
    )
    with pytest.raises(ConfigError) as caught:
        feeds(Settings(sources=sources), here=True)
    wanted = (
        "sources.0.interfaces: no interface 'nowhere0'; ",
        f"sources.1.captures: there is no file '{tmp_path}/none.pcap'; name a pcap",
        f"sources.2.path: {tmp_path}/none.log: no such file or folder; name a conn.log",
        "sources.3.path: nothing given",
    )
    assert len(caught.value.problems) == len(wanted)
    assert all(one.startswith(start) for one, start in zip(caught.value.problems, wanted, strict=True))

    def down(_: object) -> None:
        raise SourceError("live: interface 'eth1' is down")

    monkeypatch.setattr("redshank.capture.sources.live.find", down)
    assert list(feeds(Settings(sources=(Source(interfaces=("eth1",)),)), here=True)) == ["eth1"]


def test_a_filter_that_is_wrong_is_told_by_the_setting_that_has_it() -> None:
    for source, sensor, named in (
        (Source(interfaces=("lo",), bpf="prt 1"), Sensor(), "sources.0.bpf"),
        (Source(interfaces=("lo",)), Sensor(bpf="prt 1"), "sensor.bpf"),
    ):
        with pytest.raises(ConfigError, match=f"^{named}: 'prt 1': "):
            feeds(Settings(sources=(source,), sensor=sensor), here=True)


def test_a_service_without_a_source_is_told_to_name_one() -> None:
    with pytest.raises(ConfigError, match=r"^sources: none given; name one in a \[\[sources\]\] table"):
        feeds(Settings())


def test_a_service_has_flows_judged_sooner_than_a_command_that_reads_a_capture(tmp_path: Path) -> None:
    frames = [ethernet(ipv4(udp(b"x"), proto=17)) for _ in range(6)]
    (tmp_path / "one.pcap").write_bytes(pcap([(number * 500_000_000, frame) for number, frame in enumerate(frames)]))
    ours = Settings(sources=(Source(captures=tmp_path, follow=False),))

    def parts(source: FlowSource) -> list[str]:
        return [part for batch in source.batches() for part in batch["part"].to_pylist()]

    (served,) = feeds(ours).values()
    assert parts(served.opened()) == ["interim", "interim", "final"]
    assert parts(Inputs(read=tmp_path).source(ours.sensor)) == ["final"]
    assert parts(Inputs(read=tmp_path).source(Sensor(interim_s=2.0))) == ["interim", "final"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            Source(captures=Path("one.pcap")),
            r"sources.0.captures: '.*one.pcap' is a file, which is not followed; set follow = false to read it once",
        ),
        (
            Source(tool="argus", path=Path("a.csv")),
            "sources.0.tool: records of 'argus' come as whole files; set follow",
        ),
        (
            Source(tool="sensor", path=Path("a")),
            "sources.0.tool: 'sensor' meters packets itself; name captures or inter",
        ),
    ],
)
def test_what_is_wrong_with_a_source_is_told_in_words_of_the_settings(
    source: Source, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.pcap").write_bytes(pcap([]))
    (served,) = feeds(Settings(sources=(source,))).values()
    with pytest.raises(ConfigError, match=problem) as caught:
        served.opened()
    assert "--" not in str(caught.value)
