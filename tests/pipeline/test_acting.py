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
from redshank.pipeline import acting
from redshank.pipeline.acting import Acting
from redshank.pipeline.keeping import OVER_AT_ONCE
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.database import Database
from redshank.store.devices import Device, Inventory
from redshank.store.usual import Usual
from runs import Constant, Memory

NOW_S = 1_700_000_000.0


def see(site: "Site", families: list[str], seed: int = 0) -> None:
    batch = flows(families, seed=seed)
    site.acting.see(batch, Constant(0.1, "benign", False).judge(batch))


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


def test_ends_that_a_kill_left_unrecorded_are_told_by_the_next_run(tmp_path: Path) -> None:
    devices = [f"10.0.{number // 256}.{number % 256}" for number in range(1_000)]
    open_ = [
        replace(alert(id=fingerprint(device, "scanning", 0)), device=device, over=False, revision=0)
        for device in devices
    ]
    site = Site(tmp_path)
    site.acting.act(open_)
    site.acting.act([replace(one, over=True, revision=1) for one in open_])
    assert site.acting.behind
    recorded = {one.id for one in site.told if one.over}
    site.database.close()  # here it is killed: nothing is finished

    again = Site(tmp_path)
    again.acting.start()
    again.acting.act(again.groups.finish())
    again.acting.finish(10)
    told = [one.id for one in again.told]
    assert len(recorded) == OVER_AT_ONCE
    assert set(told) == {one.id for one in open_} - recorded
    assert len(told) == len(set(told))
    assert Alerts(again.database).unfinished() == []
    again.database.close()


@pytest.mark.parametrize("later_s", [61, -86_400.0])
def test_devices_are_written_down_about_once_a_minute_also_when_the_clock_is_set_back(
    site: Site, later_s: float
) -> None:
    def noted() -> list[Device]:
        site.acting.tick()
        assert site.acting._noting.wait(60)  # it is done beside the judging
        return Inventory(site.database).devices()

    see(site, ["benign"] * 3)
    seen = noted()
    assert {ip for device in seen for ip in device.ips} >= {"10.0.0.5"}
    see(site, ["dos"] * 3, seed=1)
    assert len(noted()) == len(seen)
    site.now_s += later_s
    assert len(noted()) == len(seen) + 1


def test_devices_that_cannot_be_written_down_are_told_of_and_nothing_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    see(site, ["benign"] * 3)
    with monkeypatch.context() as patched:
        patched.setattr(Inventory, "take", away)
        site.acting.tick()
        assert site.acting._noting.wait(60)
    assert site.acting.problem == "inventory: store: the server is away"
    assert Inventory(site.database).devices() == []
    site.acting.finish(0)
    devices = Inventory(site.database).devices()
    assert sum(device.flows for device in devices) > 0
    hours = [hour for device in devices for hour in Usual(site.database).hours(device.id, 0.0)]
    assert sum(hour.flows for hour in hours) == sum(device.flows for device in devices)


def test_what_the_store_does_not_take_at_the_end_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    allowances, batch = Allowances(site.database), flows(["dos"] * 5)
    allowances.give(Allowance.of("ana", "a test", NOW_S, family="dos"))
    site.acting.start()
    site.acting.finish(0)
    assert site.metrics.named("redshank_lost_total") == {}
    see(site, ["benign"] * 3)
    site.allow.allowed(batch, Constant(0.99, "dos", True).judge(batch), NOW_S)
    monkeypatch.setattr(Inventory, "take", away)
    monkeypatch.setattr(Allowances, "count", away)
    site.acting.finish(0)
    devices = site.acting._devices.rows().num_rows
    assert site.metrics.named("redshank_lost_total") == {"devices": devices, "quiet_flows": 5}


def test_names_are_written_down_every_five_minutes_hours_each_minute_and_all_at_the_end(site: Site) -> None:
    def told() -> tuple[int, int]:
        usual, devices = Usual(site.database), Inventory(site.database).devices()
        hours = [hour.flows for device in devices for hour in usual.hours(device.id, 0.0)]
        return sum(hours), sum(one.flows for device in devices for one in usual.names(device.id) if one.kind == "peers")

    def noted() -> tuple[int, int]:
        see(site, ["benign"] * 3)
        site.acting.tick()
        assert site.acting._noting.wait(60)
        return told()

    begun = noted()
    site.now_s += 61
    later = noted()
    assert later[0] > begun[0]
    assert later[1] == begun[1] > 0
    site.acting.finish(0)
    assert told() == (later[0], 2 * begun[1])


def test_what_a_device_did_is_usual_unless_an_alert_is_about_it(site: Site) -> None:
    site.acting.start()
    batch = flows(["benign"] * 4)
    site.acting.see(batch, Constant(0.1, "benign", False).judge(batch))
    source, target = (batch.column(name)[0].as_py() for name in ("src_ip", "dst_ip"))
    at_s = batch.column("ts").cast("int64")[0].as_py() / 1e9
    told = replace(
        alert(id="one", device=source), first_seen_s=at_s, last_seen_s=at_s, targets=(target,), target_count=1
    )
    site.acting.act([told])
    site.acting.finish(10)
    usual, device = Usual(site.database), Inventory(site.database).owner(source)
    assert device is not None
    names = {one.name: (one.flows, one.others) for one in usual.names(device.id) if one.kind == "peers"}
    assert names[target][0] == 0
    assert names[target][1] > 0
    (hour,) = usual.hours(device.id, 0.0)
    assert hour.benign_flows == hour.flows - names[target][1]


def test_what_the_inventory_has_no_room_for_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redshank.pipeline.aside.MOST_ALERTS", 1)
    monkeypatch.setattr("redshank.flows.did.MOST_WAITING", 0)
    site.acting._devices._capacity = 1
    see(site, ["benign"] * 20 + ["scanning"] * 3)
    site.acting._aside.note([alert(id=name) for name in ("one", "two", "three")])
    site.acting._noted()
    site.acting._noted()
    forgotten = site.metrics.named("redshank_forgotten_total")
    assert forgotten.keys() == {"inventory.devices", "inventory.usual", "inventory.alerts"}
    assert forgotten["inventory.alerts"] == 2


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


def test_an_allowance_that_failed_half_way_is_put_in_force_by_the_next_tick(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.acting.start()
    site.acting.act([alert(id="scan")])
    Allowances(site.database).give(Allowance.of("ana", "our own scanner", NOW_S, device="10.0.0.7"))

    def locked(*_: object, **__: object) -> int:
        raise ActionError("store: 'redshank.db': database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(Alerts, "judge", locked)
        site.acting.tick()
    assert [one.state for one in Alerts(site.database).find()] == ["open"]
    site.acting.tick()
    assert [one.state for one in Alerts(site.database).find()] == ["closed"]
    site.acting.finish(10)


def test_open_alerts_that_an_allowance_covers_are_closed_page_by_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "AT_ONCE", 2)
    site.acting.act([alert(id=f"scan-{number}", last_seen_s=9.0 + number) for number in range(5)])
    Allowances(site.database).give(Allowance.of("ana", "our own scanner", NOW_S, device="10.0.0.7"))
    left = []
    for _ in range(4):
        site.acting.tick()
        left.append(sum(one.state == "open" for one in Alerts(site.database).find()))
    assert left == [3, 1, 0, 0]


def test_what_an_allowance_kept_quiet_is_written_down(site: Site) -> None:
    allowances, batch = Allowances(site.database), flows(["dos"] * 5)
    one = Allowance.of("ana", "a test", NOW_S, family="dos")
    allowances.give(one)
    site.acting.start()
    for left in (5, 3):
        some = batch.slice(0, left)
        site.allow.allowed(some, Constant(0.99, "dos", True).judge(some), NOW_S)
        site.acting.tick()
    assert [given.flows for given in allowances.given()] == [5]  # it is written down every ten seconds
    allowances.withdraw(one.id, "ana", NOW_S)
    site.acting.tick()
    site.acting.finish(10)
    (given,) = allowances.given()
    assert (given.flows, given.last_s is None) == (8, False)


def test_what_a_service_that_was_asked_to_end_closed_early_goes_on_with_the_next_revision(tmp_path: Path) -> None:
    batch = flows(["dos"] * 20)
    verdicts = Constant(0.99, "dos", True).judge(batch)
    first, second = (Site(tmp_path, groups=Groups(GroupSettings(early=True)), now_s=1_700_000_050.0) for _ in range(2))
    first.acting.start()
    first.acting.act([*first.groups.add(batch.slice(0, 5), verdicts.slice(0, 5)), *first.groups.finish()])
    first.acting.finish(10)
    second.acting.start()
    second.acting.act([*second.groups.add(batch.slice(5), verdicts.slice(5)), *second.groups.finish()])
    second.acting.finish(10)
    told = [*first.told, *second.told]
    assert len({one.id for one in told}) == 1
    assert [one.revision for one in told] == list(range(len(told)))
    assert told[-1].count == 20
    third = Site(tmp_path, now_s=1_700_000_050.0)
    third.acting.start()
    assert third.groups.finish() == []  # of a device that was quiet since nothing is told
    third.acting.finish(10)
    (filed,) = Alerts(second.database).find()
    assert (filed.alert.count, filed.alert.over) == (20, True)
    assert len(second.sink.alerts) == len(second.told) > 0
    for site in (first, second, third):
        site.database.close()


def test_alerts_of_this_window_that_a_start_has_no_room_for_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "AT_ONCE", 2)
    ended = [
        replace(alert(id=fingerprint(device, "scanning", 0)), device=device, over=True)
        for device in (f"10.0.0.{number}" for number in range(5))
    ]
    settings = GroupSettings(early=True, most_open=1)
    site = Site(tmp_path, groups=Groups(settings), now_s=ended[0].last_seen_s)
    Alerts(site.database).record(ended, [], site.now_s)
    site.acting.start()
    site.acting.finish(10)
    assert site.groups.crowded_out == 1
    assert site.metrics.named("redshank_forgotten_total") == {"alerts.groups": 3}
    site.database.close()
