from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from random_flows import random_flows
from redshank.core.schema import FLOW
from redshank.detect.sigma.columns import SHOWN, Columns, mixed, packed_address
from sigma_rules import rows


def test_a_column_is_made_once() -> None:
    columns = Columns(rows(2))
    assert columns.texts("proto") is columns.texts("proto")
    assert columns.numbers("dst_port")[0] is columns.numbers("dst_port")[0]


def test_a_text_is_tested_once_for_all_rows_that_have_it() -> None:
    columns = Columns(rows(5, service=lambda i: [None, "dns", "http", "dns", "dns"][i]))
    seen: list[str] = []

    def test(texts: Any) -> npt.NDArray[np.bool_]:
        seen.extend(texts.to_pylist())
        return np.array([text == "dns" for text in texts.to_pylist()])

    assert columns.where("service", test).tolist() == [False, True, False, True, True]
    assert seen == ["dns", "http"]


def test_absent_numbers_are_marked_and_flags_are_numbers() -> None:
    columns = Columns(rows(2, duration=lambda i: [None, 0.5][i], dns_AA=lambda i: [True, None][i]))
    assert columns.numbers("duration")[1].tolist() == [False, True]
    assert columns.numbers("dns_AA")[0].tolist() == [1, 0]


def test_what_is_no_address_has_none() -> None:
    columns = Columns(rows(3, src_ip=lambda i: ["10.0.0.1", "nas.lan", "fe80::1"][i]))
    assert [bytes(one).hex() for one in columns.addresses("src_ip").tolist()] == [
        "00000000000000000000ffff0a000001",
        "00" * 16,
        "fe800000000000000000000000000001",
    ]


def test_addresses_that_look_odd_are_none() -> None:
    for text in ("", "10.0.0", "10.0.0.256", "1.2.3.4\x00", "fe80::1%eth0", "::g", "é"):
        assert packed_address(text) is None, text


def test_hashes_of_equal_values_are_equal_and_others_differ() -> None:
    columns = Columns(rows(3, src_ip=lambda i: ["a", "b", "a"][i], dst_port=lambda i: [1, 2, 1][i]))
    for name in ("src_ip", "dst_port"):
        first, second, third = columns.hashes(name).tolist()
        assert first == third != second


def test_mixing_is_one_to_one_on_neighbors() -> None:
    assert len(set(mixed(np.arange(10_000, dtype=np.uint64)).tolist())) == 10_000


def test_shown_values_are_short_and_inert() -> None:
    columns = Columns(rows(3, http_uri=lambda i: ["/a\x1b[31m", "/" + "x" * 500, None][i]))
    first, second, third = columns.shown("http_uri", np.arange(3)).to_pylist()
    assert first == "/a\\x1b[31m"
    assert len(second) == SHOWN
    assert second.endswith("...")
    assert third is None


def test_text_that_is_no_utf_8_is_shown_and_hashed() -> None:
    broken = pa.array([b"\xff\xfe", b"plain"], pa.binary()).cast(pa.string(), safe=False)
    batch = rows(2)
    at = batch.schema.get_field_index("http_uri")
    columns = Columns(batch.set_column(at, FLOW.field("http_uri"), broken))
    assert len(columns.hashes("http_uri")) == 2
    assert columns.shown("http_uri", np.arange(2)).to_pylist() == ["\ufffd\ufffd", "plain"]


def test_any_values_survive() -> None:
    columns = Columns(random_flows(200, seed=1))
    every = np.arange(200)
    for name in FLOW.names:
        if name not in {"ts", "first_sizes_bytes", "first_gaps_s"}:
            columns.hashes(name)
            columns.shown(name, every)
            columns.present(name)
    assert len(columns.addresses("src_ip")) == len(columns.texts("src_ip")[0])
