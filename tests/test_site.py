from pathlib import Path

import pytest

from redshank.alerts.sinks.eve import Eve
from redshank.config import Alerts, Detect, Settings, Source
from redshank.core.errors import ConfigError, SourceError
from redshank.site import Problems, feeds, grouping, sinks


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


def test_a_service_without_a_source_is_told_to_name_one() -> None:
    with pytest.raises(ConfigError, match=r"^sources: none given; name one in a \[\[sources\]\] table"):
        feeds(Settings())


def test_sinks_are_made_of_their_tables(tmp_path: Path) -> None:
    made = sinks(
        Settings(sinks={"eve": {"path": str(tmp_path / "a")}, "mine": {"kind": "eve", "path": str(tmp_path / "b")}})
    )
    assert made == {"eve": Eve(tmp_path / "a"), "mine": Eve(tmp_path / "b")}


def test_every_mistake_of_every_sink_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        sinks(Settings(sinks={"eve": {"pth": "x"}, "office": {"url": "x"}, "eve2": {"kind": "eve"}}))
    text = caught.value.problems
    assert text[0].startswith("sinks.eve.path: nothing given")
    assert text[1].startswith("sinks.eve.pth: there is no such setting")
    assert text[2].startswith("sinks.office: 'office' is no sink; there are ")
    assert text[3].startswith("sinks.eve2.path: nothing given")


def test_how_much_evidence_an_alert_takes_is_as_the_settings_say() -> None:
    alerts = Alerts(chance=1e-4, window_s=60.0, assets={"10.0.0.1": "critical"})
    made = grouping(Settings(alerts=alerts, detect=Detect(false_alarm_rate=0.001)))
    assert (made.early, made.chance, made.false_alarm_rate, made.window_s) == (True, 1e-4, 0.001, 60.0)
    assert made.assets == {"10.0.0.1": "critical"}


def test_problems_of_all_kinds_are_gathered() -> None:
    problems = Problems()
    problems.end()

    def fails() -> None:
        raise SourceError("eth1: the interface is down")

    assert problems.attempt(lambda: 5) == 5
    problems.attempt(fails)
    with pytest.raises(SourceError, match="eth1: the interface is down"):
        problems.end()
    problems.attempt(lambda: feeds(Settings()))
    with pytest.raises(ConfigError) as caught:
        problems.end()
    assert caught.value.problems[0] == "eth1: the interface is down"
    assert len(caught.value.problems) == 2
