import ipaddress
from pathlib import Path

from redshank.lab.journal import Journal, Row, by_family, read, write

LAN = ipaddress.IPv4Network("10.0.0.0/24")


class Clock:
    """Time as the test wants it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def flow(journal: Journal, target: str, family: str = "benign", source: str = "10.0.0.2") -> Row:
    row = journal.begin("tcp", (source, 40000), (target, 80), family, "page")
    journal.end(row)
    return row


def test_a_flow_that_is_still_open_ends_now() -> None:
    clock = Clock()
    journal = Journal(clock)
    journal.begin("tcp", ("10.0.0.2", 1), ("10.0.0.3", 2), "benign", "page")
    clock.now = 9.0
    assert [row.end_s for row in journal.rows()] == [9.0]


def test_only_benign_flows_on_a_spoofed_path_become_mitm() -> None:
    clock = Clock()
    journal = Journal(clock)
    flow(journal, "10.0.0.1")
    clock.now = 1.0
    spoofing = journal.begin_spoofing("10.0.0.2", "10.0.0.1", LAN)
    clock.now = 2.0
    flow(journal, "10.0.0.1")
    flow(journal, "172.16.0.9")
    flow(journal, "10.0.0.9")
    flow(journal, "10.0.0.1", "dos")
    flow(journal, "10.0.0.2", source="10.0.0.1")
    flow(journal, "10.0.0.1", source="10.0.0.7")
    journal.begin("udp", ("fd00::2", 1), ("fd00::1", 53), "benign", "dns lookup")
    clock.now = 3.0
    journal.end_spoofing(spoofing)
    clock.now = 4.0
    flow(journal, "10.0.0.1")
    families = [row.family for row in journal.rows()]
    assert families == ["benign", "mitm", "mitm", "benign", "dos", "mitm", "benign", "benign", "benign"]


def test_between_two_devices_nothing_beyond_the_pair_is_mitm() -> None:
    journal = Journal(Clock())
    journal.begin_spoofing("10.0.0.2", "10.0.0.5", None)
    flow(journal, "10.0.0.5")
    flow(journal, "172.16.0.9")
    assert [row.family for row in journal.rows()] == ["mitm", "benign"]


def test_a_flow_is_recent_for_a_little_over_a_minute() -> None:
    clock = Clock()
    journal = Journal(clock)
    journal.end(journal.begin("icmp", ("10.0.0.2", 8), ("10.0.0.1", 0), "benign", "ping"))
    clock.now = 64.0
    assert journal.recent("icmp", ("10.0.0.2", 8), ("10.0.0.1", 0))
    assert not journal.recent("icmp", ("10.0.0.1", 8), ("10.0.0.2", 0))
    clock.now = 66.0
    assert not journal.recent("icmp", ("10.0.0.2", 8), ("10.0.0.1", 0))


def test_labels_survive_writing_and_reading_and_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [
        Row(1.25, 2.5, "tcp", "10.0.0.2", 40000, "10.0.0.1", 80, "benign", 'page, "quoted"'),
        Row(1.5, 1.5, "icmp", "10.0.0.2", 8, "10.0.0.1", 0, "scanning", "ping sweep"),
    ]
    for name in ("a.gz", "b.gz"):
        write(rows, tmp_path / name)
    assert read(tmp_path / "a.gz") == rows
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_families_are_counted_most_frequent_first() -> None:
    journal = Journal(Clock())
    for family in ("dos", "benign", "benign"):
        flow(journal, "10.0.0.1", family)
    assert list(by_family(journal.rows()).items()) == [("benign", 2), ("dos", 1)]
