import logging

import numpy as np
import pyarrow as pa
import pytest

from redshank.detect.warming import MOST_ODD, Warming


def devices(n: int) -> pa.Array:
    return pa.array([f"10.0.0.{i % 10}" for i in range(n)])


def odd(n: int, *strange: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Make every flow of the devices `strange` odd."""
    return np.isin(np.arange(n) % 10, strange)


def test_a_model_is_heard_once_a_block_of_flows_looks_as_it_should() -> None:
    warming = Warming("habits", 20)
    heard = warming.ready(devices(50), odd(50, 3))
    assert heard.tolist() == [False] * 20 + [True] * 30
    assert not warming.wanted
    assert warming.ready(devices(3), odd(3, 0, 1, 2)).all(), "what comes later changes nothing"


def test_how_flows_are_cut_into_batches_changes_nothing() -> None:
    cut = Warming("habits", 20)
    heard = [cut.ready(devices(50).slice(at, 7), odd(50, 3)[at : at + 7]) for at in range(0, 50, 7)]
    assert np.concatenate(heard).tolist() == [False] * 20 + [True] * 30


def test_to_a_model_of_another_network_most_devices_are_odd_and_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    warming = Warming("habits", 20)
    with caplog.at_level(logging.WARNING):
        assert not warming.ready(devices(60), odd(60, *range(7))).any()
    assert warming.failed == 3
    assert [record.getMessage()[:81] for record in caplog.records] == [
        "bundle habits does not know this network: of 20 flows of 10 devices, 100 % of the"
    ]
    assert warming.ready(devices(30), odd(30, 1)).tolist() == [False] * 20 + [True] * 10


def test_few_devices_that_attack_do_not_silence_it_however_loud() -> None:
    warming = Warming("habits", 100)
    loud = pa.array(["10.0.0.66"] * 90 + [f"10.0.0.{i}" for i in range(10)])
    warming.ready(loud, np.arange(100) < 90)
    assert not warming.wanted


def test_a_device_may_have_a_share_of_odd_flows_up_to_a_bound() -> None:
    for share, wanted in ((MOST_ODD, False), (MOST_ODD + 0.1, True)):
        warming = Warming("habits", 10)
        warming.ready(pa.array(["10.0.0.5"] * 10), np.arange(10) < round(10 * share))
        assert warming.wanted is wanted


def test_without_a_block_it_is_heard_at_once_and_flows_without_a_source_count() -> None:
    assert Warming("habits", 0).ready(devices(2), odd(2, 0, 1)).all()
    nobody = Warming("habits", 2)
    assert not nobody.ready(pa.nulls(2, pa.string()), odd(2)).any()
    assert not nobody.wanted
