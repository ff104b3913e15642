import tracemalloc
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from redshank.core.schema import flow_batch
from redshank.flows import did as module
from redshank.flows.devices import NETWORKS, Devices
from redshank.flows.did import MOST_NAMES, MOST_WAITING, ByName, Did, Doing, InHour, Named

S, HOUR = 1_000_000_000, 3_600
LAMP, HUB = "02:00:00:00:00:01", "02:00:00:00:00:02"
FLOW = {
    "ts": 10 * HOUR * S, "duration": 2.0, "src_mac": LAMP, "src_ip": "10.0.0.1", "dst_mac": HUB, "dst_ip": "10.0.0.2",
    "dst_port": 1883, "proto": "tcp", "service": "mqtt", "conn_state": "SF", "src_pkts": 5, "dst_pkts": 4,
    "src_ip_bytes": 500, "dst_ip_bytes": 300, "part": "final", "benign": True,
}  # fmt: skip


def batch(*rows: dict[str, Any]) -> tuple[pa.RecordBatch, pa.BooleanArray]:
    full = [FLOW | row for row in rows]
    flows = {name: [row[name] for row in full] for name in FLOW if name != "benign"}
    return flow_batch(flows, rows=len(full)), pa.array([row["benign"] for row in full])


def did(*rows: dict[str, Any], doing: Doing | None = None) -> Did:
    devices = Devices(doing=doing or Doing())
    devices.take(*batch(*rows))
    return devices.did()


def test_a_flow_counts_for_both_ends_in_the_hour_in_which_it_ended() -> None:
    told = did({}, {"ts": 10 * HOUR * S + 3_599 * S, "benign": False})
    assert told.hours == {
        (LAMP, 10): InHour(1, 500, 300, 1, 800), (HUB, 10): InHour(1, 300, 500, 1, 800),
        (LAMP, 11): InHour(1, 500, 300), (HUB, 11): InHour(1, 300, 500),
    }  # fmt: skip


def test_names_tell_what_is_usual_apart_from_the_rest_day_by_day() -> None:
    told = did({}, {"benign": False}, {"ts": 30 * HOUR * S}, {"part": "interim"})
    at_s = 10.0 * HOUR + 2.0
    assert told.names == {
        Named(LAMP, "uses", "mqtt", 0): ByName(1, 1, at_s),
        Named(LAMP, "uses", "mqtt", 1): ByName(1, 0, 30.0 * HOUR + 2.0),
        Named(LAMP, "peers", "10.0.0.2", 0): ByName(1, 1, at_s),
        Named(LAMP, "peers", "10.0.0.2", 1): ByName(1, 0, 30.0 * HOUR + 2.0),
        Named(HUB, "offers", "mqtt", 0): ByName(1, 1, at_s),
        Named(HUB, "offers", "mqtt", 1): ByName(1, 0, 30.0 * HOUR + 2.0),
    }


def test_what_is_dated_ahead_is_left_out_and_counted() -> None:
    told = did({}, {"ts": 300 * 24 * HOUR * S})
    kept, ahead = told.only_before(5 * 24 * HOUR)
    assert kept == did({})
    assert ahead == len(told.hours) + len(told.names) - len(kept.hours) - len(kept.names) > 0
    assert told.only_before(301 * 24 * HOUR) == (told, 0)


def test_what_was_told_is_not_told_again() -> None:
    devices = Devices(doing=Doing())
    devices.take(*batch({}))
    assert devices.did().hours
    assert devices.did() == Did({}, {})
    plain = Devices()
    plain.take(batch({})[0])
    assert plain.did() == Did({}, {})


def test_what_is_set_aside_later_does_not_count_as_usual() -> None:
    doing = Doing(aside=lambda flows: pc.equal(flows.column("src_ip"), "10.0.0.1"))
    told = did({}, {"src_ip": "10.0.0.9", "src_mac": None}, doing=doing)
    assert told.hours[LAMP, 10] == InHour(1, 500, 300)
    assert told.hours["10.0.0.9", 10] == InHour(1, 500, 300, 1, 800)


def test_what_others_do_behind_a_router_is_not_its_own() -> None:
    far = [{"src_ip": f"93.184.{n}.1", "dst_port": n, "service": f"far{n}"} for n in range(NETWORKS + 2)]
    told = did({}, *far)
    assert {named.name for named in told.names if named.device == LAMP} == {"mqtt", "10.0.0.2"}
    assert told.hours[LAMP, 10] == InHour(1, 500, 300, 1, 800)


def test_a_scan_puts_out_nothing_that_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 100)  # so that it is put together again and again
    doing = Doing()
    devices = Devices(doing=doing)
    devices.take(*batch({"service": "dns"}))
    for begin in range(0, 400, 100):
        ports = range(begin, begin + 100)
        devices.take(*batch(*[{"service": None, "dst_port": port, "benign": False} for port in ports]))
        devices.rows()
    told = devices.did()
    uses = {named.name: by_name for named, by_name in told.names.items() if named[:2] == (LAMP, "uses")}
    assert len(uses) <= MOST_NAMES
    assert uses["dns"].flows == 1
    assert doing.missing > 0


def test_what_waits_for_the_store_is_bounded_and_what_is_usual_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)

    def done(number: int, usual: int) -> Did:
        hours = {("a", number): InHour(1, benign_flows=usual)}
        return Did(hours, {Named("a", "uses", "dns", number): ByName(usual, 1 - usual, float(number))})

    waiting = Did({}, {})
    left = [waiting.add(done(number, usual)) for number, usual in ((0, 1), (1, 0), (2, 0), (3, 1), (4, 0), (0, 1))]
    assert left == [0, 0, 2, 2, 2, 0]
    assert {key: hour.flows for key, hour in waiting.hours.items()} == {("a", 0): 2, ("a", 3): 1}
    assert {named.day: by_name.flows for named, by_name in waiting.names.items()} == {0: 2, 3: 1}


def test_all_hours_and_names_that_can_wait_take_some_megabytes() -> None:
    some = 1_000
    tracemalloc.start()
    waiting = Did({}, {})
    for n in range(some):
        device = f"02:00:00:00:{n // 256:02x}:{n % 256:02x}"
        of = Named(device, "peers", f"2001:db8:1234:5678:1:2:{n:04x}:4", n)
        waiting.add(Did({(device, n): InHour(*[n << 8] * 5)}, {of: ByName(n, n, n / 3)}))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / some * MOST_WAITING < 40 << 20


def test_names_of_all_kinds_have_one_bound_between_two_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 4)
    doing = Doing()
    told = did({"service": "dns"}, {"service": "ntp", "benign": False, "dst_ip": "10.0.0.3"}, doing=doing)
    assert {(named.kind, named.name) for named in told.names} == {
        ("uses", "dns"), ("offers", "dns"), ("peers", "10.0.0.2"), ("offers", "ntp"),
    }  # fmt: skip
    assert doing.missing == 2
