import pytest

from records import alert
from redshank.core.records import Evidence
from redshank.store import search as searching
from redshank.store.alerts import Alerts
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
