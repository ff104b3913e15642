import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bundles import CLASSES, tiny_bundle
from labelled import DRAWN
from redshank.commands import main
from redshank.data import dataset
from redshank.detect.measured import Measured
from redshank.detect.shelf import DECISIONS, Shelf
from redshank.learn.evaluation import Evaluation


@dataclass(frozen=True)
class Place:
    """A shelf with a bundle in service that mixes two families up and one that does not, and labelled rows."""

    shelf: Shelf
    rows: Path

    def entries(self) -> list[str]:
        return [f"{entry.what} {entry.name}{' forced' * entry.forced}" for entry in self.shelf.history().entries]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(dataset, "DATASETS", DRAWN)
    shelf = Shelf(tmp_path / "models")
    good = tiny_bundle(name="good", figures={"macro_f1": 0.9})
    shelf.put(
        replace(good, manifest=replace(good.manifest, name="mixed", classes=[CLASSES[0], CLASSES[2], CLASSES[1]]))
    )
    shelf.put(good)
    shelf.promote("mixed", "the first")
    (tmp_path / "rows").write_text("1000 0")
    return Place(shelf, tmp_path / "rows")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Place) -> Any:
    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["redshank", "models", *arguments, "--folder", str(place.shelf.folder)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(ended.value.code if isinstance(ended.value.code, int) else 0, captured.out, captured.err)

    return call


def test_the_list_says_who_is_in_service_and_what_was_decided(models: Any, place: Place) -> None:
    place.shelf.set_shadow("good")
    found = json.loads(models("list", "--json").out)
    assert [(row["name"], row["role"]) for row in found["bundles"]] == [("good", "shadow"), ("mixed", "champion")]
    assert [row["decision"] for row in found["decisions"]] == ["promote", "shadow"]
    assert "notes" not in found


def test_the_list_names_a_torn_line_and_a_decision_not_carried_out(models: Any, place: Place) -> None:
    path = place.shelf.folder / DECISIONS
    before = (place.shelf.folder / "champion").read_bytes()
    place.shelf.promote("good", "better")
    (place.shelf.folder / "champion").write_bytes(before)
    path.write_bytes(path.read_bytes() + b'{"at_s"')
    done = models("list")
    assert 'no decision: {"at_s"' in done.out
    assert "promote good was decided and not carried out" in done.out


def test_a_bundle_is_shown_with_its_decisions(models: Any) -> None:
    found = json.loads(models("show", "good", "--json").out)
    assert (found["bundle"]["classes"], found["figures"]) == ("benign, scanning, dos", {"macro_f1": 0.9})
    assert found["decisions"] == []
    assert len(json.loads(models("show", "mixed", "--json").out)["decisions"]) == 1
    missing = models("show", "godo")
    assert (missing.code, "did you mean 'good'?" in missing.err) == (2, True)


def test_a_bundle_is_added_from_its_folder(models: Any, place: Place, tmp_path: Path) -> None:
    tiny_bundle(name="third").save(tmp_path / "third")
    done = models("add", str(tmp_path / "third"))
    assert done.out.startswith("third is in ")
    assert place.shelf.champion() == "mixed"
    assert "there is a bundle 'third' already" in models("add", str(tmp_path / "third")).err


def test_a_bundle_beside_an_evaluation_that_is_none_is_not_added(models: Any, place: Place, tmp_path: Path) -> None:
    tiny_bundle(name="third").save(tmp_path / "third")
    (tmp_path / "third.measured.json").write_text("[]")
    assert "third.measured.json: is no evaluation; remove it" in models("add", str(tmp_path / "third")).err
    assert "third" not in place.shelf.names()


def test_what_is_measured_of_a_bundle_is_kept_beside_it(models: Any, place: Place) -> None:
    done = models("measure", "good", "--on", "drawn", "--data", str(place.rows))
    assert (done.code, "step 2 of 2: measuring good on the test part" in done.err) == (0, True)
    found = Measured.load(place.shelf.folder, "good", place.shelf.load("good").manifest.sha256)
    assert found is not None
    assert found.on == "drawn: test part, not in its making"
    assert Evaluation.from_dict(dict(found.evaluation)).task_classes == tuple(CLASSES)
    assert models("add", str(place.shelf.folder / "good"), "--name", "same").code == 0
    taken = Measured.load(place.shelf.folder, "same", found.sha256)
    assert taken == replace(found, name="same"), "it goes with the bundle"
    missing = models("measure", "good")
    assert (missing.code, "dataset: no 'drawn in tests'" in missing.err) == (2, True)


def test_two_bundles_are_compared_on_rows_of_a_dataset(models: Any, place: Place) -> None:
    done = models("compare", "mixed", "good", "--on", "drawn", "--data", str(place.rows), "--json")
    assert "step 2 of 2: judging mixed and good on the same rows" in done.err
    found = json.loads(done.out)
    metric = next(row for row in found["figures"] if row["figure"] == "macro_f1")
    assert metric["difference"] >= metric["at_least"] > 0
    assert metric["challenger"] - metric["champion"] == pytest.approx(metric["difference"])
    assert "were in the making of neither" in found["rows"]["1"]
    assert place.entries() == ["promote mixed"]


def test_a_better_bundle_is_promoted_and_what_was_seen_is_kept(models: Any, place: Place) -> None:
    done = models("promote", "good", "--on", "drawn", "--data", str(place.rows))
    assert (done.code, place.shelf.champion()) == (0, "good")
    assert done.out.startswith("good is in service")
    entry = place.shelf.history().entries[-1]
    assert entry.evidence["promote"]
    assert entry.evidence["on"][0].startswith("drawn: ")
    assert entry.reason.startswith("macro_f1 0.3333 -> 1.0000 on 715 frozen rows: +66.67 points")
    back = models("promote", "mixed", "--on", "drawn", "--data", str(place.rows))
    assert (back.code, place.shelf.champion()) == (1, "good")
    assert "it is at least -66.67 points, not above 0" in " ".join(back.out.split())
    assert place.entries() == ["promote mixed", "promote good", "keep mixed"]


def test_force_puts_it_in_service_and_is_recorded_as_such(models: Any, place: Place) -> None:
    models("promote", "good", "--force", "new cameras")
    assert models("promote", "mixed", "--force", "old cameras", "--on", "drawn", "--data", str(place.rows)).code == 0
    assert place.shelf.champion() == "mixed"
    assert place.entries()[1:] == ["promote good forced", "promote mixed forced"]
    last = place.shelf.history().entries[-1]
    assert last.reason.startswith("old cameras (the gate: macro_f1 ")
    assert not last.evidence["promote"]


def test_without_rows_nothing_is_promoted(models: Any, place: Place) -> None:
    done = models("promote", "good")
    assert (done.code, place.shelf.champion()) == (2, "mixed")
    assert "--on: no dataset is named" in done.err
    twice = models("promote", "good", "--on", "drawn", "--on", "lab", "--data", str(place.rows))
    assert "is the place of one dataset, and 2 are named" in twice.err
    assert place.entries() == ["promote mixed"]


def test_the_first_champion_has_nothing_to_be_worse_than(models: Any, place: Place) -> None:
    empty = Shelf(place.shelf.folder / "other")
    empty.put(tiny_bundle())
    assert models("promote", "tiny", "--folder", str(empty.folder)).code == 2  # the shelf given last counts
    place.shelf.folder.joinpath("champion").unlink()
    place.shelf.folder.joinpath(DECISIONS).unlink()
    assert models("promote", "good").code == 0
    assert place.shelf.history().entries[0].reason == "nothing was in service before"


def test_rollback_is_one_command(models: Any, place: Place) -> None:
    models("promote", "good", "--force", "new cameras")
    assert models("rollback", "--reason", "false alarms").out == "mixed is in service again; good was\n"
    assert place.shelf.history().entries[-1].reason == "false alarms"
    assert "nothing to roll back to" in models("rollback").err


def test_a_shadow_is_set_and_taken_away(models: Any, place: Place) -> None:
    assert models("shadow", "good").out == "good judges beside the champion\n"
    assert place.shelf.shadow() == "good"
    assert models("shadow", "--off").out == "no bundle judges beside the champion\n"
    assert place.shelf.shadow() is None
    assert "name one bundle, or give --off" in models("shadow").err
