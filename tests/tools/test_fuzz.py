"""Some thousand spoiled inputs in every run of the tests; `make fuzz` tries a million."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from fuzz_targets import TARGETS, Target, check_rows, make_frames, try_frames
from mutations import MOST, mutated

from fuzz import batches, failure, keep, kept, kind_of, seeds_of, smallest

CASES = {"frames": 3_000, "flows": 1_500, "files": 400, "logs": 100, "talk": 4, "rows": 20}


@pytest.mark.parametrize("name", TARGETS)
def test_spoiled_inputs_do_no_harm(name: str) -> None:
    target = TARGETS[name]
    seeds = seeds_of(name, shared=None)
    for number in range(-(-CASES[name] // target.batch)):
        cases = target.make(random.Random(f"test {name} {number}"), seeds, min(target.batch, CASES[name]))
        target.run(cases)


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_that_once_failed_do_no_harm(name: str) -> None:
    TARGETS[name].run(seeds_of(name, shared=None))
    for cases in kept(name):
        TARGETS[name].run(cases)


def test_the_corpus_is_what_fuzz_seeds_writes(tmp_path: Path) -> None:
    import fuzz_seeds as seeds

    seeds.write(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert (seeds.CORPUS / file.name).read_text() == file.read_text(), "run python tests/fuzz_seeds.py"


def test_the_same_seed_gives_the_same_cases() -> None:
    for name, target in TARGETS.items():
        seeds = seeds_of(name, shared=None)
        once, twice = (target.make(random.Random("7"), seeds, 50) for _ in range(2))
        assert once == twice
        assert len(once) == 50
        assert once != target.make(random.Random("8"), seeds, 50)


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_parts_of_a_campaign_are_all_of_it_and_each_case_once(parts: int) -> None:
    every = [one for part in range(1, parts + 1) for one in batches(1050, 100, f"{part}/{parts}")]
    assert sorted(every) == [(number, 50 if number == 10 else 100) for number in range(11)]


def test_mutations_stay_small_and_change_something() -> None:
    draw = random.Random(3)
    seeds = [bytes(range(60)), bytes(range(256)) * 16]
    spoiled = [mutated(draw, seeds) for _ in range(2_000)]
    assert max(map(len, spoiled)) == MOST
    assert sum(one in seeds for one in spoiled) < 200
    assert mutated(draw, [b""]) is not None


def test_a_failure_is_found_and_made_small() -> None:
    def run(cases: list[dict[str, Any]]) -> None:
        if any("42" in case["hex"] for case in cases):
            raise IndexError("a byte of 0x42")

    cases = [{"hex": "00" * 20} for _ in range(100)]
    assert failure(run, cases) is None
    cases[61] = {"hex": "0042" + "00" * 50}
    assert failure(run, cases) == "IndexError: a byte of 0x42"
    assert smallest(run, cases) == [{"hex": "0042"}]


def test_a_failing_input_is_kept_and_found_again(tmp_path: Path) -> None:
    keep(tmp_path / "found-frames.jsonl", [{"link": 1, "hex": "00"}], "IndexError: 5")
    keep(tmp_path / "found-frames.jsonl", [{"link": 1, "hex": "01"}], "IndexError: 6")
    assert kept("frames", tmp_path) == [[{"link": 1, "hex": "00"}], [{"link": 1, "hex": "01"}]]
    assert json.loads((tmp_path / "found-frames.jsonl").read_text().splitlines()[1])["problem"] == "IndexError: 6"


def test_packets_that_get_lost_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import fuzz_targets

    def without_some(rows: Any) -> Any:
        return check_rows(rows).slice(1)

    cases = make_frames(random.Random(1), seeds_of("frames", shared=None), 200)
    try_frames(cases)
    monkeypatch.setattr(fuzz_targets, "check_rows", without_some)
    with pytest.raises(AssertionError, match="packets of 0 bad"):
        try_frames(cases)


def test_logs_are_told_by_their_names() -> None:
    assert kind_of(Path("a__conn.log.labeled")) == "zeek"
    assert kind_of(Path("suricata.json")) == "eve"
    assert kind_of(Path("dns.log")) is None


def test_shares_make_a_campaign() -> None:
    assert sum(target.share for target in TARGETS.values()) == pytest.approx(1)
    assert all(isinstance(target, Target) for target in TARGETS.values())
