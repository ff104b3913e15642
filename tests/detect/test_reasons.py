from typing import Any

import numpy as np
import pytest

from redshank.detect.reasons import Quantiles, likely, subject, techniques_of

COLUMNS = ["proto", "duration", "src_bytes", "dst_bytes", "src_pkts"]
BENIGN = {"duration": [0.1, 1, 10], "src_bytes": [10, 100, 1e4], "dst_bytes": [10, 100, 4.1e4], "src_pkts": [1, 2, 9]}


def row(*values: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([values], dtype=np.float32)


def test_value_beyond_benign_is_named_with_its_bound() -> None:
    assert Quantiles(COLUMNS, BENIGN).beyond(row(2, 1, 100, 3.9e9, 2)) == [
        ["dst_bytes 3.9e+09 beyond benign 99 % (4.1e+04)"]
    ]


def test_value_below_benign_is_named_with_its_bound() -> None:
    assert Quantiles(COLUMNS, BENIGN).beyond(row(2, 0, 100, 100, 2)) == [["duration 0 below benign 1 % (0.1)"]]


def test_farthest_values_come_first_and_three_at_most() -> None:
    (texts,) = Quantiles(COLUMNS, BENIGN).beyond(row(2, 11, 1e9, 1e6, 1e5))
    assert [text.split()[0] for text in texts] == ["src_pkts", "src_bytes", "dst_bytes"]


def test_benign_and_absent_values_are_no_reason() -> None:
    assert Quantiles(COLUMNS, BENIGN).beyond(row(2, 1, np.nan, 100, np.nan)) == [[]]


def test_bundle_without_quantiles_has_no_such_reasons() -> None:
    assert Quantiles(COLUMNS, {}).beyond(row(1, 1, 1, 1, 1)) == [[]]
    assert Quantiles(COLUMNS, {}).within(row(1, 1, 1, 1, 1)) == [""]


def test_where_no_value_is_beyond_benign_the_farthest_out_is_named_as_within_it() -> None:
    # duration: half of the way from the median to 99 % on a logarithmic scale at 3.7; src_bytes is nearer to its 1 %.
    assert Quantiles(COLUMNS, BENIGN).within(row(2, 3.7, 15, 100, 2)) == [
        "within benign 1 % to 99 %, farthest out src_bytes 15 (10 to 1e+04, median 1e+02)"
    ]


def test_a_value_that_many_benign_flows_have_is_not_the_farthest_out() -> None:
    assert Quantiles(COLUMNS, BENIGN).within(row(2, 3.7, 10, 4.1e4, np.nan)) == [
        "within benign 1 % to 99 %, farthest out duration 3.7 (0.1 to 10, median 1)"
    ]
    assert Quantiles(COLUMNS, BENIGN).within(row(2, 1, 10, 4.1e4, np.nan)) == [""]


def test_one_flow_of_many_says_of_itself_what_it_says_alone() -> None:
    own = [row(2, 11, 1e9, 1e6, 1e5), row(2, 1, 100, 100, 2), row(2, 0, 100, 100, 2)]
    quantiles = Quantiles(COLUMNS, BENIGN)
    assert quantiles.beyond(np.vstack(own)) == [*map(list, (quantiles.beyond(one)[0] for one in own))]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("classifier: src_bytes 1e+04 beyond benign 99 % (5.6e+03)", "classifier: src_bytes"),
        ("src_bytes 1e+04 beyond benign 99 % (5.6e+03)", "src_bytes"),
        (
            "classifier: within benign 1 % to 99 %, farthest out duration 3.7 (0.1 to 10, median 1)",
            "classifier: within",
        ),
        ("classifier: p(dos) 0.97", "classifier: p(dos)"),
        ("classifier: most like dos (5 of the 5 nearest known flows)", "classifier: nearest"),
        ("nearest known flows: dos 3, others 2", "nearest"),
        ("anomaly: service http rebuilt 12 x as badly as benign 99 %", "anomaly: service"),
        ("signatures: sql-in-request (high, T1190) http_uri=/a (low) b: c", "signatures: sql-in-request"),
        ("Odd (new) device: telnet (high) dst_port=23", "Odd (new) device: telnet"),
        ("irc (medium)", "irc"),
        ("", ""),
    ],
)
def test_reasons_of_different_flows_have_in_common_what_they_are_about(text: str, about: str) -> None:
    assert subject(text) == about


@pytest.mark.parametrize(
    ("benign", "message"),
    [
        ({"nonsense": [1, 2, 3]}, "'nonsense', which is no column"),
        ({"duration": [1, 2]}, "of 'duration' are 2 numbers, wanted 3"),
        ({"duration": ["x", 2, 3]}, "something that is no number"),
        ({"duration": [10**400, 2, 3]}, "something that is no number"),
        ([[[]]], r"'benign_quantiles' is \[\[\[\]\]\], wanted numbers by column"),
    ],
)
def test_quantiles_that_do_not_fit_are_refused(benign: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Quantiles(COLUMNS, benign)


def test_two_most_probable_classes_are_named_in_order() -> None:
    assert likely(np.array([[0.2, 0.1, 0.7]]), ["benign", "dos", "xss"]) == [["p(xss) 0.70", "p(benign) 0.20"]]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("signatures: dns (high, T1071.004, T0883) dns_query=x", ["T1071.004", "T0883"]),
        ("irc (medium, T1071) at least 2 flows", ["T1071"]),
        ("signatures: telnet (high) http_uri=(high, T1046)", []),
        ("signatures: odd (high, t1046, T10, T1046<b>, T10466)", []),
        ("classifier: telnet (high, T1046)", []),
        ("p(dos) 0.97", []),
    ],
)
def test_only_the_head_of_a_rules_reason_names_techniques(text: str, ids: list[str]) -> None:
    assert techniques_of(text) == ids
