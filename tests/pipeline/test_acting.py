import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bundles import flows
from records import alert
from redshank.alerts.allow import AllowList
from redshank.alerts.gathered import fingerprint
from redshank.alerts.group import Groups, GroupSettings
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline.acting import Acting
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.database import Database
from redshank.store.devices import Inventory
from runs import Constant, Memory

NOW_S = 1_700_000_000.0


@dataclass
class Site:
    """What acts on alerts, with a clock that a test turns."""

    folder: Path
    live: bool = True
    now_s: float = NOW_S
    sink: Memory = field(default_factory=Memory)
    told: list[Alert] = field(default_factory=list)
    groups: Groups = field(default_factory=Groups)
    allow: AllowList = field(default_factory=AllowList)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.database = Database(self.folder / "redshank.db", create=True)
        self.acting = Acting(
            *(self.database, {"memory": self.sink}, None, self.groups, self.allow, self.folder, self.metrics),
            live=self.live,
            tell=self.told.extend,
            clock=lambda: self.now_s,
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.database.close()


def test_an_alert_is_recorded_told_and_delivered(site: Site) -> None:
    site.acting.start()
    site.acting.act([alert(id="one")])
    site.acting.finish(10)
    assert [one.id for one in site.told] == ["one"]
    assert [one.id for one in site.sink.alerts] == ["one"]
    assert Alerts(site.database).count() == 1
    assert site.sink.closed == 1


def test_nobody_hears_of_an_alert_that_the_store_refuses_until_it_takes_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise ActionError("store: 'redshank.db': database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Alerts, "record", full)
        site.acting.act([alert(id="one")])
    assert site.told == []
    assert "1 alerts wait for the store" in caplog.text
    site.acting.tick()
    assert [one.id for one in site.told] == ["one"]


def test_an_allowance_is_in_force_with_the_next_tick_and_closes_what_is_open(site: Site) -> None:
    site.acting.start()
    site.acting.act([alert(id="scan"), alert(id="other", device="10.0.0.8", evidence=())])
    Allowances(site.database).give(Allowance.of("ana", "our own scanner", NOW_S, device="10.0.0.7"))
    site.acting.tick()
    states = {one.alert.id: (one.state, one.state_by) for one in Alerts(site.database).find()}
    assert states == {"scan": ("closed", "allow-list"), "other": ("open", "")}
    assert site.allow.covers(alert(), NOW_S) is not None
    site.acting.finish(10)


def test_groups_that_an_allowance_covers_are_ended_and_told_once_more(tmp_path: Path) -> None:
    site = Site(tmp_path, groups=Groups(GroupSettings(early=True)))
    batch = flows(["dos"] * 5)
    site.acting.start()
    site.acting.act(site.groups.add(batch, Constant(0.99, "dos", True).judge(batch)))
    Allowances(site.database).give(Allowance.of("ana", "a test", NOW_S, family="dos"))
    site.acting.tick()
    assert [one.over for one in site.told][-1:] == [True]
    assert site.groups.finish() == []
    site.acting.finish(10)
    site.database.close()


def test_what_was_open_before_goes_on_for_a_wire_and_not_for_a_log(tmp_path: Path) -> None:
    name = fingerprint("10.0.0.7", "scanning", 0)
    left = replace(alert(id=name), over=False, revision=1)
    for live in (True, False):
        site = Site(tmp_path, live=live)
        Alerts(site.database).record([left], [], NOW_S)
        site.acting.start()
        assert [(one.id, one.revision, one.over) for one in site.groups.finish()] == [(name, 2, True)] * live
        site.acting.finish(10)
        site.database.close()


def test_devices_are_written_down_about_once_a_minute(site: Site) -> None:
    site.acting.see(flows(["benign"] * 3), flows(["benign"] * 3))
    site.acting.tick()
    seen = Inventory(site.database).devices()
    assert {ip for device in seen for ip in device.ips} >= {"10.0.0.5"}
    site.acting.see(flows(["dos"] * 3, seed=1), flows(["dos"] * 3, seed=1))
    site.acting.tick()
    assert len(Inventory(site.database).devices()) == len(seen)
    site.now_s += 61
    site.acting.tick()
    assert len(Inventory(site.database).devices()) == len(seen) + 1


def test_what_fails_for_a_while_is_said_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> int:
        raise ActionError("store: the server is away")

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(Allowances, "stamp", away)
        for _ in range(3):
            site.acting.tick()
    assert caplog.text.count("allowances: store: the server is away; tried again") == 1
