import threading

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import flows
from redshank.core.metrics import Metrics
from redshank.core.schema import FLOW, flow_batch
from redshank.pipeline.intake import DRAIN, INTERIM, JOINED_ROWS, OLDEST, QUIET, SHED, Intake, Suspects, size_of
from runs import parts


def _uids(batch: pa.RecordBatch | None) -> list[str]:
    assert batch is not None
    uids: list[str] = batch.column("uid").to_pylist()
    return uids


def _intake(limit: int) -> tuple[Intake, Suspects, Metrics]:
    suspects, metrics = Suspects(), Metrics()
    return Intake(limit, suspects, metrics), suspects, metrics


def test_small_batches_are_judged_as_one_in_their_order() -> None:
    intake, _, _ = _intake(100)
    for seed in range(3):
        intake.put(flows(["benign"] * 2, seed), patient=False)
    assert _uids(intake.take(0)) == ["C0x0", "C0x1", "C1x0", "C1x1", "C2x0", "C2x1"]
    assert intake.take(0) is None
    assert intake.rows == 0


def test_a_large_batch_goes_alone() -> None:
    intake, _, _ = _intake(3 * JOINED_ROWS)
    large = flows(["benign"]).take(pa.array([0] * JOINED_ROWS))
    intake.put(large, patient=False)
    intake.put(flows(["benign"], 1), patient=False)
    assert len(_uids(intake.take(0))) == JOINED_ROWS
    assert _uids(intake.take(0)) == ["C1x0"]


def test_what_a_wire_gives_waits_for_more_unless_nothing_was_taken_lately() -> None:
    now_s = 100.0
    intake = Intake(3 * JOINED_ROWS, Suspects(), Metrics(), timer=lambda: now_s)
    intake.put(flows(["benign"]), patient=False)
    assert _uids(intake.take(0, apart_s=1)) == ["C0x0"]
    for seed in (1, 2):
        intake.put(flows(["benign"], seed), patient=False)
        assert intake.take(0, apart_s=1) is None
    now_s = 101.0
    assert _uids(intake.take(0, apart_s=1)) == ["C1x0", "C2x0"]


def test_many_rows_and_rows_of_a_source_that_can_wait_are_taken_at_once() -> None:
    intake = Intake(3 * JOINED_ROWS, Suspects(), Metrics(), timer=lambda: 100.0)
    one = flows(["benign"])
    for patient, rows in ((False, 1), (True, 1), (False, JOINED_ROWS)):
        intake.put(one.take(pa.array([0] * rows)), patient=patient)
        assert len(_uids(intake.take(0, apart_s=1))) == rows
    intake.put(one, patient=True)
    intake.put(one, patient=False)
    assert len(_uids(intake.take(0, apart_s=1))) == 2
    intake.put(one, patient=False)
    assert intake.take(0, apart_s=1) is None
    assert len(_uids(intake.take(0))) == 1


def test_a_queue_that_is_half_full_is_taken_from_at_once_so_that_nothing_is_shed_while_judging_is_idle() -> None:
    metrics = Metrics()
    intake = Intake(8, Suspects(), metrics, timer=lambda: 100.0)
    one = flows(["benign"])
    intake.put(one, patient=False)
    assert len(_uids(intake.take(0, apart_s=1))) == 1
    for _ in range(8):
        for _ in range(3):
            intake.put(one, patient=False)
            assert intake.take(0, apart_s=1) is None
        intake.put(one, patient=False)
        assert len(_uids(intake.take(0, apart_s=1))) == 4
    assert metrics.total(SHED) == 0


def test_whoever_waits_for_the_next_batch_is_told_of_rows_that_cannot_wait() -> None:
    intake = Intake(3 * JOINED_ROWS, Suspects(), Metrics())
    one = flows(["benign"])
    intake.put(one, patient=False)
    assert len(_uids(intake.take(0))) == 1
    taken: list[pa.RecordBatch | None] = []
    waits = threading.Thread(target=lambda: taken.append(intake.take(1_000, apart_s=1_000)))
    waits.start()
    intake.put(one, patient=False)
    intake.put(one, patient=True)
    waits.join()
    assert len(_uids(taken[0])) == 2


def test_interim_rows_go_first() -> None:
    intake, _, metrics = _intake(4)
    intake.put(parts(flows(["dos", "dos", "dos"]), "interim", "final", "interim"), patient=False)
    intake.put(flows(["benign"] * 2, 1), patient=False)
    assert _uids(intake.take(0)) == ["C0x1", "C1x0", "C1x1"]
    assert metrics.labelled(SHED) == {(INTERIM,): 2}


def test_quiet_devices_go_before_those_an_alert_is_about() -> None:
    intake, suspects, metrics = _intake(4)
    suspects.name(["10.0.0.66"])
    intake.put(flows(["benign", "dos", "benign"]), patient=False)
    intake.put(flows(["dos", "benign"], 1), patient=False)
    assert _uids(intake.take(0)) == ["C0x1", "C1x0", "C1x1"]
    assert metrics.labelled(SHED) == {(QUIET,): 2}


def test_what_is_left_goes_by_age() -> None:
    intake, suspects, metrics = _intake(4)
    suspects.name(["10.0.0.66"])
    intake.put(flows(["dos"] * 5), patient=False)
    assert _uids(intake.take(0)) == ["C0x2", "C0x3", "C0x4"]
    assert metrics.labelled(SHED) == {(OLDEST,): 2}


def _long(batch: pa.RecordBatch, length: int) -> pa.RecordBatch:
    """Return the flows with a URI of so many bytes each."""
    uris = pa.array(["u" * length] * batch.num_rows)
    return batch.set_column(batch.schema.get_field_index("http_uri"), "http_uri", uris)


def test_long_texts_fill_the_queue_like_many_rows() -> None:
    metrics, suspects = Metrics(), Suspects()
    suspects.name(["10.0.0.66"])
    intake = Intake(1_000, suspects, metrics, most_bytes=100_000)
    for seed in range(4):
        intake.put(_long(flows(["benign", "dos", "benign", "dos"], seed), 4_000), patient=False)
    assert (intake.rows, metrics.total(SHED)) == (16, 0)
    intake.put(_long(flows(["dos", "dos"], 4), 50_000), patient=False)
    taken = intake.take(0)
    assert taken is not None
    assert size_of(taken) <= 75_000
    shed = metrics.labelled(SHED)
    assert shed == {(QUIET,): 8, (OLDEST,): 18 - 8 - taken.num_rows}
    assert _uids(taken)[-1] == "C4x1"


@given(st.lists(st.text(max_size=20) | st.none(), max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_rows_count_for_what_they_take_alone_also_where_others_share_their_memory(
    uris: list[str | None], begin: int, length: int
) -> None:
    whole = flow_batch({"ts": [0] * len(uris), "http_uri": uris}, rows=len(uris))
    some = whole.slice(begin, length)
    texts = sum(len((uri or "").encode()) for uri in some.column("http_uri").to_pylist())
    assert size_of(some) == pytest.approx(some.nbytes, abs=8 * len(FLOW))
    assert size_of(some) - size_of(whole.slice(0, 0)) >= texts
    assert size_of(some.slice(0, 0)) == 0


def test_slices_of_one_large_batch_do_not_fill_the_queue() -> None:
    metrics = Metrics()
    whole = _long(flows(["benign"] * 100), 1_000)
    intake = Intake(1_000, Suspects(), metrics, most_bytes=2 * size_of(whole))
    for begin in range(0, 100, 10):
        intake.put(whole.slice(begin, 10), patient=False)
    assert (intake.rows, metrics.total(SHED)) == (100, 0)


def test_one_row_that_is_larger_than_the_queue_is_shed_too() -> None:
    metrics = Metrics()
    intake = Intake(1_000, Suspects(), metrics, most_bytes=10_000)
    intake.put(_long(flows(["dos"]), 20_000), patient=False)
    assert intake.rows == 0
    assert metrics.total(SHED) == 1


def test_a_source_that_can_wait_waits_while_long_texts_fill_the_queue() -> None:
    metrics = Metrics()
    intake = Intake(1_000, Suspects(), metrics, most_bytes=10_000)
    intake.put(_long(flows(["benign"]), 20_000), patient=True)
    fed = threading.Thread(target=lambda: intake.put(flows(["benign"], 1), patient=True))
    fed.start()
    assert _uids(intake.take(60)) == ["C0x0"]
    assert _uids(intake.take(60)) == ["C1x0"]
    fed.join()
    assert metrics.total(SHED) == 0


def test_a_source_that_can_wait_waits_and_nothing_is_shed() -> None:
    intake, _, metrics = _intake(5)

    def feed() -> None:
        for seed in range(6):
            intake.put(flows(["benign"] * 3, seed), patient=True)

    fed = threading.Thread(target=feed)
    fed.start()
    seen: list[str] = []
    while len(seen) < 18:
        batch = intake.take(60)
        seen += _uids(batch)
        assert intake.rows <= 5
    fed.join()
    assert len(set(seen)) == 18
    assert metrics.total(SHED) == 0


def test_what_is_given_up_at_the_end_is_counted_with_what_waits_for_room_and_what_comes_later() -> None:
    intake, _, metrics = _intake(2)
    intake.put(flows(["benign"] * 2), patient=True)
    waits = threading.Thread(target=lambda: intake.put(flows(["benign"] * 3, 1), patient=True))
    waits.start()
    assert intake.give_up() == 2
    waits.join()
    intake.put(flows(["benign"] * 4, 2), patient=False)
    assert (intake.take(0), intake.rows) == (None, 0)
    assert metrics.labelled(SHED) == {(DRAIN,): 9}


def test_where_nothing_is_left_nothing_is_given_up() -> None:
    intake, _, metrics = _intake(2)
    assert intake.give_up() == 0
    assert metrics.total(SHED) == 0


def test_addresses_named_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redshank.pipeline.intake.SUSPECTS_KEPT", 2)
    suspects = Suspects()
    suspects.name(["10.0.0.66", "10.0.0.7", "10.0.0.66", "10.0.0.8"])
    assert suspects.touch(flows(["dos"])).tolist() == [True]
    suspects.name(["10.0.0.9"])
    assert suspects.touch(flows(["dos"])).tolist() == [False]


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9), max_size=12),
    limit=st.integers(1, 20),
    most_bytes=st.integers(1, 20_000),
    taken=st.sets(st.integers(0, 11)),
)
def test_every_row_is_taken_or_counted_as_shed(sizes: list[int], limit: int, most_bytes: int, taken: set[int]) -> None:
    suspects, metrics = Suspects(), Metrics()
    intake = Intake(limit, suspects, metrics, most_bytes=most_bytes)
    suspects.name(["10.0.0.66"])
    seen: list[str] = []
    for seed, size in enumerate(sizes):
        kinds = ["dos", "benign", "scanning"] * 3
        intake.put(parts(flows(kinds[:size], seed), *(["interim", "final", "final"] * 3)[:size]), patient=False)
        assert intake.rows <= limit
        if seed in taken and intake.rows:
            seen += _uids(intake.take(0))
    while intake.rows:
        seen += _uids(intake.take(0))
    assert len(seen) == len(set(seen))
    assert len(seen) + metrics.total(SHED) == sum(sizes)
