from hypothesis import given
from hypothesis import strategies as st

from records import alert
from redshank.core.records import Evidence
from redshank.store.terms import DEEPEST, LONGEST, above, terms


def flow(port: int | None, proto: str = "tcp", domain: str | None = None) -> Evidence:
    return Evidence(f"C{port}{proto}", 1.0, "10.0.0.7", 1, "10.0.0.1", port, proto, None, 0.9, None, domain)


def test_an_alert_is_found_by_its_rules_ports_and_names() -> None:
    evidence = (flow(23), flow(23), flow(8, "icmp"), flow(None), flow(53, "udp", "A.b.Example.ORG."))
    found = terms(alert(rules=("Telnet-Sweep",), evidence=evidence))
    assert sorted(found) == [
        ("domain", "a.b.example.org"), ("domain", "b.example.org"), ("domain", "example.org"),
        ("port", "23"), ("port", "53"), ("rule", "telnet-sweep"),
    ]  # fmt: skip


def test_a_name_of_many_labels_stands_there_with_those_next_to_the_top() -> None:
    found = list(above(".".join(f"l{n}" for n in range(100))))
    assert len(found) == DEEPEST
    assert found[-1] == "l98.l99"


@given(st.text(max_size=300))
def test_whatever_a_name_holds_it_steers_nothing_and_is_short(name: str) -> None:
    for one in above(name):
        assert one.isprintable()
        assert len(one) <= LONGEST
