import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from random_flows import random_flows
from redshank.core.schema import FLOW
from redshank.detect.sigma import match
from redshank.detect.sigma.columns import Columns
from redshank.detect.sigma.fields import KINDS, TEXT
from redshank.detect.sigma.match import Compare, Equal, Like, Listed, No, OneOf, Present, Same, Test, Within
from redshank.detect.sigma.watchlist import Watchlist, as_network
from sigma_rules import rows


def of(test: Test, **columns: object) -> list[bool]:
    found: list[bool] = test.of(Columns(rows(3, **{name: _each(values) for name, values in columns.items()}))).tolist()
    return found


def _each(values: object) -> object:
    return (lambda i: values[i]) if isinstance(values, list) else values


def test_and_or_not_are_what_they_say() -> None:
    ports = [22, 23, 80]
    low, odd = Compare("dst_port", "lt", 50), Equal("dst_port", frozenset([23.0]))
    assert of(match.All((low, odd)), dst_port=ports) == [False, True, False]
    assert of(match.Any((odd, No(low))), dst_port=ports) == [False, True, True]
    assert of(match.All(()), dst_port=ports) == [True, True, True]
    assert of(match.Any(()), dst_port=ports) == [False, False, False]


def test_what_is_absent_passes_only_the_test_for_absence() -> None:
    values = [None, "dns", None]
    assert of(Present("service"), service=values) == [False, True, False]
    assert of(No(Present("service")), service=values) == [True, False, True]
    for test in (OneOf("service", frozenset([""])), Like("service", "dns|^$")):
        assert of(test, service=[None, None, None]) == [False, False, False]
    assert of(Compare("duration", "lt", 1), duration=[None, 0.5, None]) == [False, True, False]
    assert of(Equal("duration", frozenset([0.0])), duration=[None, 0.0, 1.0]) == [False, True, False]
    assert of(Compare("duration", "neq", 1), duration=[None, 0.5, 1.0]) == [False, True, False]


def test_whole_texts_are_compared_without_case_unless_it_counts() -> None:
    values = ["ShADadFf", "shadadff", "x"]
    assert of(OneOf("history", frozenset(["shadadff"])), history=values) == [True, True, False]
    assert of(OneOf("history", frozenset(["ShADadFf"]), cased=True), history=values) == [True, False, False]


def test_patterns_are_looked_for_anywhere() -> None:
    assert of(Like("http_uri", "(?i)a.c"), http_uri=["xABCx", "ac", None]) == [True, False, False]


def test_a_pattern_that_others_choke_on_takes_no_time() -> None:
    hostile = "a" * 50_000 + "!"
    assert of(Like("http_uri", "^(a+)+$"), http_uri=hostile) == [False, False, False]


def test_networks_and_watchlists_hold_addresses() -> None:
    private = as_network("10.0.0.0/8")
    assert private is not None
    addresses = ["10.1.2.3", "192.0.2.1", "nonsense"]
    assert of(Within("src_ip", (private,)), src_ip=addresses) == [True, False, False]
    assert of(Listed("src_ip", Watchlist([private])), src_ip=addresses) == [True, False, False]
    assert of(Listed("dns_query", Watchlist(names=["bad.test"])), dns_query=["a.bad.test", "b.test", None]) == [
        *(True, False, False)
    ]
    assert of(Listed("src_ip", Watchlist()), src_ip=addresses) == [False, False, False]


def test_two_columns_can_be_compared() -> None:
    assert of(Same("src_ip", "dst_ip"), src_ip=["10.0.0.9", "10.0.0.1", None]) == [True, False, False]


def test_a_part_that_two_conditions_share_is_worked_out_once() -> None:
    columns = Columns(rows(3))
    assert Equal("dst_port", frozenset([80.0])).of(columns) is Equal("dst_port", frozenset([80.0])).of(columns)


def test_a_mask_that_is_shared_is_never_changed() -> None:
    columns = Columns(rows(3, dst_port=lambda i: i))
    one, two = Equal("dst_port", frozenset([1.0])), Equal("dst_port", frozenset([2.0]))
    before = one.of(columns).copy()
    match.Any((one, two)).of(columns)
    match.All((one, two)).of(columns)
    assert np.array_equal(one.of(columns), before)


def test_any_values_survive_every_test() -> None:
    columns = Columns(random_flows(300, seed=2))
    network = as_network("0.0.0.0/0")
    assert network is not None
    for name, kind in KINDS.items():
        tests: list[Test] = [Present(name), Same(name, name)]
        if kind in {TEXT, "address"}:
            tests += [OneOf(name, frozenset(["x", "é"])), Like(name, "(?is)x.*y"), Within(name, (network,))]
            tests += [Listed(name, Watchlist([network], ["tcp"]))]
        else:
            tests += [Equal(name, frozenset([0.0, 1e300])), Compare(name, "gte", 2.0**63)]
        for test in tests:
            assert test.of(columns).shape == (300,), test


_TEXTS = st.lists(st.none() | st.text("aAbBé", max_size=2), min_size=1, max_size=12)


@given(
    values=_TEXTS, wanted=st.frozensets(st.text("abé", max_size=2), max_size=20), cased=st.booleans(), cut=st.booleans()
)
def test_a_text_is_found_as_python_would_find_it(
    *, values: list[str | None], wanted: frozenset[str], cased: bool, cut: bool
) -> None:
    batch = rows(len(values), service=lambda i: values[i]).slice(int(cut))
    found = OneOf("service", wanted, cased).of(Columns(batch)).tolist()
    small = [text if text is None or cased else text.encode().lower().decode() for text in values[int(cut) :]]
    assert found == [text in wanted for text in small]


@given(
    values=st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=12),
    wanted=st.frozensets(st.integers(0, 20).map(float), max_size=12),
    cut=st.booleans(),
)
def test_a_number_is_found_as_python_would_find_it(
    *, values: list[int | None], wanted: frozenset[float], cut: bool
) -> None:
    for name in ("dst_port", "src_bytes", "duration"):
        columns = Columns(rows(len(values), **{name: lambda i: values[i]}).slice(int(cut)))
        own = values[int(cut) :]
        assert Equal(name, wanted).of(columns).tolist() == [one in wanted for one in own]
        assert Compare(name, "gte", 7).of(columns).tolist() == [one is not None and one >= 7 for one in own]


def test_a_number_too_large_for_a_float_is_compared_as_it_is() -> None:
    columns = Columns(rows(3, src_bytes=lambda i: [2**63 - 1, None, 2**53 + 1][i]))
    assert columns.numbers("src_bytes")[0].tolist() == [2**63 - 1, 0, 2**53 + 1]


def test_text_that_is_no_utf_8_survives_every_test() -> None:
    broken = pa.array([b"\xff\xfe", b"X", None], pa.binary()).cast(pa.string(), safe=False)
    batch = rows(3)
    columns = Columns(batch.set_column(batch.schema.get_field_index("dns_query"), FLOW.field("dns_query"), broken))
    assert OneOf("dns_query", frozenset(["x"])).of(columns).tolist() == [False, True, False]
    assert Like("dns_query", "(?i)x").of(columns).tolist() == [False, True, False]
    assert Listed("dns_query", Watchlist(names=["x"])).of(columns).tolist() == [False, True, False]
