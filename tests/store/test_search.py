import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from records import alert
from redshank.core.records import SEVERITIES, Evidence
from redshank.store import search as searching
from redshank.store.alerts import HOUR_S, STATES, Alerts, Filed, Group
from redshank.store.comments import Comments
from redshank.store.database import Database
from redshank.store.search import Search


@pytest.fixture
def alerts(database: Database) -> Alerts:
    made = Alerts(database)
    far = Evidence("C9", 5.0, "10.0.0.9", 1, "203.0.113.5", 23, "tcp", None, 0.8, None, "www.example.org")
    made.record(
        [alert(id="a00a", rules=("Telnet-Sweep",), device="10.0.0.7", family="dos", severity="high", last_seen_s=10.0)],
        [],
        100.0,
    )
    made.record([alert(id="b", device="10.0.0.8", score=0.5, last_seen_s=20.0, evidence=())], [], 200.0)
    made.record([alert(id="c", device="10.0.0.9", family="dos", last_seen_s=30.0, evidence=(far,))], [], 300.0)
    made.judge(["b"], "closed", "ana", 400.0)
    Comments(database).write("b", "ana", "The 100% new_camera", 500.0)
    return made


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(), "cba"),
        (Search(devices=("10.0.0.7", "10.0.0.8")), "ba"),
        (Search(families=("dos",)), "ca"),
        (Search(families=("dos",), severities=("high",)), "a"),
        (Search(states=("closed",)), "b"),
        (Search(since_s=20.0), "cb"),
        (Search(until_s=20.0), "a"),
        (Search(hours=(472_222,)), ""),
        (Search(least_score=0.6), "ca"),
        (Search(address="203.0.113.5"), "c"),
        (Search(address="10.0.0.8"), "b"),
        (Search(recorded_before_s=200.0), "a"),
        (Search(devices=("10.9.9.9",)), ""),
        (Search(networks=("10.0.0.8/31",)), "cb"),
        (Search(networks=("10.0.0.8/31",), devices=("10.0.0.7",), families=("dos",)), "ca"),
        (Search(ids=("a00a", "c")), "ca"),
        (Search(rules=("telnet-sweep",)), "a"),
        (Search(rules=("telnet",)), ""),
        (Search(ports=(23, 80)), "c"),
        (Search(domains=("Example.org",)), "c"),
        (Search(domains=("ample.org",)), ""),
        (Search(arrived_after=1), "cb"),
        (Search(arrived_after=1, arrived_until=2), "b"),
        (Search(words=("10.0.0.8",)), "b"),
        (Search(words=("203.0.113.5",)), "c"),
        (Search(words=("DOS",)), "ca"),
        (Search(words=("dos", "telnet-s")), "a"),
        (Search(words=("www.ex",)), "c"),
        (Search(words=("a00a",)), "a"),
        (Search(words=("NEW_camera",)), "b"),
        (Search(words=("newxcamera",)), ""),
        (Search(words=("100%",)), "b"),
        (Search(words=("%",)), "b"),
        (Search(words=("' or 1=1 --",)), ""),
    ],
    ids=str,
)
def test_a_search_finds_what_fits_and_counts_it(alerts: Alerts, search: Search, found: str) -> None:
    assert "".join(one.alert.id[0] for one in alerts.find(search)) == found
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "FREQUENT", 1)  # the other way to find the same
        assert "".join(one.alert.id[0] for one in alerts.find(search)) == found
    assert alerts.count(search) == len(found)


DEVICES, FAMILIES, TARGETS, RULES = (
    ("10.0.0.7", "10.0.0.8", "fd00::7"),
    ("dos", "scanning"),
    ("10.1.0.1", "10.1.0.2"),
    ("a", "b"),
)
"""Few of each, so that much fits and much does not."""
SEARCHES = st.builds(
    Search,
    devices=st.lists(st.sampled_from(DEVICES), max_size=2).map(tuple),
    families=st.lists(st.sampled_from(FAMILIES), max_size=1).map(tuple),
    states=st.lists(st.sampled_from(STATES[:2]), max_size=1).map(tuple),
    rules=st.lists(st.sampled_from(RULES), max_size=2).map(tuple),
    ports=st.lists(st.sampled_from([23, 80]), max_size=1).map(tuple),
    since_s=st.none() | st.integers(0, 3).map(lambda hour: hour * HOUR_S),
    address=st.none() | st.sampled_from([*DEVICES, *TARGETS]),
    words=st.lists(st.sampled_from([*DEVICES, *FAMILIES, *TARGETS, *RULES, "2"]), max_size=2).map(tuple),
)


@pytest.fixture
def drawn(database: Database) -> Alerts:
    chance, made = random.Random(1), Alerts(database)
    for number in range(60):
        device, at_s = chance.choice(DEVICES), float(chance.randrange(4 * int(HOUR_S)))
        flows = tuple(
            Evidence(
                f"C{number}-{n}", at_s, device, 1, chance.choice(TARGETS), chance.choice([23, 80]), "tcp", None, 0.9
            )
            for n in range(chance.randrange(3))
        )
        about = {"device": device, "family": chance.choice(FAMILIES), "severity": chance.choice(SEVERITIES)}
        rules = tuple(rule for rule in RULES if chance.random() < 0.4)
        seen = {"first_seen_s": at_s, "last_seen_s": at_s, "evidence": flows}
        made.record([alert(id=f"z{number:02}", rules=rules, **about, **seen)], [], 1.0)
    made.judge([f"z{number:02}" for number in range(0, 60, 3)], STATES[1], "ana", 2.0)
    return made


def fits(filed: Filed, search: Search) -> bool:
    """Say it again, in the plainest way."""
    one = filed.alert
    targets, ports = ({getattr(flow, name) for flow in one.evidence} for name in ("dst_ip", "dst_port"))
    wanted = (
        (search.devices, {one.device}),
        (search.families, {one.family}),
        (search.states, {filed.state}),
        (search.rules, set(one.rules)),
        (search.ports, ports),
        ((search.address,) if search.address else (), {one.device, *targets}),
    )
    found = {one.device, one.family, *targets}
    begins = {*one.rules, *map(str, ports)}
    return (
        all(not some or set(some) & own for some, own in wanted)
        and one.last_seen_s >= (search.since_s or 0.0)
        and all(word in found or any(text.startswith(word) for text in begins) for word in search.words)
    )


def group(value: str, some: list[Filed]) -> Group:
    gravest = max((filed.alert.severity for filed in some), key=SEVERITIES.index)
    number, last_s = sum(filed.state == "open" for filed in some), max(filed.alert.last_seen_s for filed in some)
    return Group(value, len(some), number, gravest, last_s)


@pytest.mark.parametrize("frequent", [1, 20])
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(search=SEARCHES, limit=st.integers(1, 8))
def test_each_way_to_find_alerts_finds_what_going_through_all_of_them_finds(
    drawn: Alerts, frequent: int, search: Search, limit: int
) -> None:
    wanted = [filed for filed in drawn.find(limit=100) if fits(filed, search)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "FREQUENT", frequent)
        first = drawn.find(search, limit)
        assert first == wanted[:limit]
        if first:
            after = (first[-1].alert.last_seen_s, first[-1].alert.id)
            assert drawn.find(search, limit, after) == wanted[limit : 2 * limit]
        assert drawn.count(search) == len(wanted)
        assert drawn.count(search, limit) == min(limit, len(wanted))
        assert drawn.ids(search, limit) == [filed.alert.id for filed in wanted[:limit]]
        of = Counter(filed.alert.device for filed in wanted)
        assert drawn.counts("device", search) == of
        most = sorted(of, key=lambda one: (-of[one], one))[:2]
        groups = [group(one, [filed for filed in wanted if filed.alert.device == one]) for one in most]
        assert drawn.groups("device", search, 2) == groups
        hours = sorted({int(filed.alert.first_seen_s // HOUR_S) for filed in wanted}, reverse=True)
        each = [[filed for filed in wanted if int(filed.alert.first_seen_s // HOUR_S) == hour] for hour in hours]
        assert drawn.groups("hour", search) == [group(str(hour), some) for hour, some in zip(hours, each, strict=True)]
