import numpy as np
import pyarrow as pa

from redshank.alerts.asset import Assets
from redshank.alerts.gathered import MOST_WORDS, Gathered, Room, Rows
from redshank.core.schema import flow_batch, verdict_batch


def gathered(assets: dict[str, str] | None = None) -> Gathered:
    return Gathered("10.0.0.66", "scanning", 0, "tiny", Assets(assets or {}), shown=2, most_targets=3, room=Room(3))


def rows(n: int, **columns: list[object]) -> Rows:
    flows = {
        name: values for name, values in columns.items() if name in {"dst_ip", "dns_query", "http_host", "src_mac"}
    }
    said = {name: values for name, values in columns.items() if name not in flows}
    usual = {"uid": [f"C{i}" for i in range(n)], "src_ip": ["10.0.0.66"] * n}
    return Rows(flow_batch({**usual, **flows}, n), verdict_batch(said, n), np.arange(n, dtype=np.int64) * 10**9)


def test_rules_reasons_and_targets_come_most_frequent_first_and_are_capped() -> None:
    one = gathered()
    of = rows(
        3,
        rules=[["b"], ["b", "a"], None],
        reasons=[["z"], ["y", "z"], ["x", "y", "z"]],
        dst_ip=["10.0.0.3", "10.0.0.2", "10.0.0.2"],
    )
    one.grow(of, np.arange(3), 3)
    told = one.alert(over=False)
    assert (told.rules, told.reasons, told.targets) == (("b", "a"), ("z", "y"), ("10.0.0.2", "10.0.0.3"))
    assert (told.revision, told.over) == (0, False)


def test_detectors_are_told_one_by_one_in_the_order_of_the_alphabet() -> None:
    one = gathered()
    one.grow(rows(3, detector=["signatures", "anomaly,signatures", None]), np.arange(3), 3)
    assert one.alert(over=True).detectors == ("anomaly", "signatures")


def test_evidence_names_the_domain_and_the_link_layer_address() -> None:
    one = gathered()
    of = rows(2, dns_query=[None, "a.example"], http_host=["b.example", "c.example"], src_mac=["02:00:00:00:00:66"] * 2)
    one.grow(of, np.arange(2), 2)
    assert [(e.domain, e.src_mac) for e in one.alert(over=True).evidence] == [
        ("b.example", "02:00:00:00:00:66"),
        ("a.example", "02:00:00:00:00:66"),
    ]


def test_evidence_has_the_p_value_of_its_verdict_and_none_where_only_a_rule_judged() -> None:
    one = gathered()
    one.grow(rows(2, p_value=[0.0005, None], rules=[None, ["telnet-sweep"]]), np.arange(2), 2)
    assert [flow.p_value for flow in one.alert(over=True).evidence] == [0.0005, None]


def test_text_that_stands_in_many_flows_of_evidence_is_kept_once() -> None:
    one = gathered()
    one.grow(rows(2, src_mac=["02:00:00:00:00:66"] * 2), np.arange(2), 2)
    first, second = one.alert(over=True).evidence
    assert first.src_ip is second.src_ip
    assert first.src_mac is second.src_mac
    assert first.uid != second.uid


def test_different_reasons_are_counted_up_to_a_bound() -> None:
    one = gathered()
    for start in range(0, 1000, 100):
        one.grow(rows(100, reasons=[[f"{start + i:04}"] for i in range(100)]), np.arange(100), 100)
    assert len(one._reasons) == MOST_WORDS
    assert one.alert(over=True).reasons == ("0000", "0001")


def many_kinds(n: int) -> list[object]:
    """Return reasons of flows as several detectors give them, each with values of its own, and one rule hit at last."""
    late = "signatures: telnet-sweep (high, T1046) dst_ip=10.0.0.1"
    return [
        [
            f"classifier: src_bytes {i}e+04 beyond benign 99 % (5e+03)",
            f"classifier: p(scanning) 0.{i:02}",
            f"classifier: p(benign) 0.{i:02}",
            f"classifier: most like scanning ({4 + i % 2} of the 5 nearest known flows)",
            f"signatures: host-sweep (medium, T1046) dst_ip=10.0.0.{i}",
            *([late] if i == n - 1 else []),
        ]
        for i in range(n)
    ]


def test_each_rule_the_features_and_the_neighbors_keep_their_place_beside_values_that_differ_with_every_flow() -> None:
    one = gathered()
    rules: list[object] = [*[["host-sweep"]] * 49, ["host-sweep", "telnet-sweep"]]
    one.grow(rows(50, reasons=many_kinds(50), rules=rules), np.arange(50), 50)
    told = one.alert(over=True)
    assert told.rules == ("host-sweep", "telnet-sweep")
    assert [text.split()[1] for text in told.reasons] == ["most", "src_bytes", "host-sweep", "telnet-sweep"]


def test_where_there_is_room_other_reasons_are_told_too_each_once() -> None:
    one = Gathered("10.0.0.66", "scanning", 0, "tiny", Assets({}), shown=10, most_targets=3, room=Room(3))
    one.grow(rows(50, reasons=many_kinds(50), rules=[["host-sweep"]] * 50), np.arange(50), 50)
    kinds = [text.split()[1] for text in one.alert(over=True).reasons]
    assert kinds == ["most", "p(benign)", "p(scanning)", "src_bytes", "host-sweep", "telnet-sweep"]


def test_what_a_reason_tells_is_that_of_the_strongest_flow_and_of_equals_of_the_first() -> None:
    whole, single = gathered(), gathered()
    of = rows(4, reasons=[["p(dos) 0.70"], ["p(dos) 0.90"], ["p(dos) 0.91"], []], score=[0.7, 0.9, 0.9, 1.0])
    whole.grow(of, np.arange(4), 4)
    for i in range(4):
        single.grow(of, np.array([i]), 1)
    assert whole.alert(over=True).reasons == single.alert(over=True).reasons == ("p(dos) 0.90",)


def test_reasons_are_bounded_however_many_rules_are_hit() -> None:
    one = gathered()
    rules = [f"r{i}" for i in range(30)]
    texts = [*(f"signatures: {rule} (high)" for rule in rules), *(f"c{i} 1 beyond benign" for i in range(9))]
    one.grow(rows(1, reasons=[texts], rules=[rules]), np.arange(1), 1)
    assert one.alert(over=True).reasons == (
        "c0 1 beyond benign", "c1 1 beyond benign", "signatures: r0 (high)", "signatures: r1 (high)",
    )  # fmt: skip


def test_a_group_that_goes_on_in_another_process_keeps_its_reasons() -> None:
    before, after = (
        Gathered("10.0.0.66", "dos", 0, "tiny", Assets({}), shown=10, most_targets=3, room=Room(3)) for _ in range(2)
    )
    before.grow(rows(1, reasons=[["p(dos) 0.90", "x 1"]], score=[0.9]), np.arange(1), 1)
    after.go_on(before.alert(over=False))
    after.grow(rows(1, reasons=[["p(dos) 0.80", "y 1"]], score=[0.8]), np.arange(1), 1)
    assert after.alert(over=True).reasons == ("p(dos) 0.90", "x 1", "y 1")


def test_the_most_precious_of_device_and_targets_counts() -> None:
    quiet, loud = gathered({"10.0.0.66": "low"}), gathered({"10.0.0.66": "low", "10.0.0.9": "critical"})
    for one in (quiet, loud):
        one.grow(rows(2, dst_ip=["10.0.0.66", "10.0.0.66"], score=[0.9, 0.9]), np.arange(2), 2)
    assert quiet.severity() == loud.severity() == "low"
    loud.grow(rows(1, dst_ip=["10.0.0.9"]), np.arange(1), 1)
    assert loud.severity() == "high"


def test_a_few_weak_flows_of_one_model_are_rated_less_until_another_detector_speaks() -> None:
    one = Gathered("10.0.0.66", "injection", 0, "tiny", Assets({}), shown=2, most_targets=3, room=Room(3))
    one.grow(rows(2, score=[0.6, 0.7], detector=["classifier"] * 2), np.arange(2), 2)
    assert one.severity() == "medium"
    one.grow(rows(1, score=[0.6], detector=["classifier,signatures"]), np.arange(1), 1)
    assert one.severity() == "high"


def test_a_family_has_its_techniques() -> None:
    one = gathered()
    one.grow(rows(1), np.arange(1), 1)
    assert one.alert(over=True).techniques[0] == "T1046"
    assert one.alert(over=True).bundle == "tiny"


def test_an_empty_batch_has_no_rows() -> None:
    assert Rows(flow_batch({}, 0), verdict_batch({}, 0), np.zeros(0, np.int64)).targets == []
    assert pa.types.is_string(flow_batch({}, 0).schema.field("uid").type)
