from dataclasses import replace
from pathlib import Path

import pytest

from bundles import tiny_bundle
from questions import answer, questions
from redshank.active.decision import Gate
from redshank.active.trained import GATE_ROWS
from redshank.console.desk import Desk
from redshank.console.facts.training import ready, without_data
from redshank.core.bundle import Manifest
from redshank.core.records import UNSURE


def _made(**provenance: object) -> Manifest:
    return replace(tiny_bundle().manifest, provenance=provenance)


def _desk(desk: Desk, data: Path, named: Path | None = None) -> Desk:
    console = desk.settings.console.model_copy(update={"training_data": named})
    return replace(desk, settings=desk.settings.model_copy(update={"data": data, "console": console}))


def test_the_gate_asks_for_as_many_rows_as_the_page_says() -> None:
    assert Gate().fewest == GATE_ROWS


def test_answers_that_the_champion_was_taught_or_that_rest_on_an_alert_do_not_bring_the_gate_nearer(desk: Desk) -> None:
    asked = questions(("benign", "dos") * 4)
    asked[0] = replace(asked[0], strategy="alert")
    desk.queue.add(asked)
    desk.queue.tell([answer(one, "dos") for one in asked[:6]] + [answer(asked[6], UNSURE)])
    found = ready(desk, _made(labels={"questions": [asked[1].id]}))
    assert (found.sure, found.fresh, found.missing, found.needed) == (6, 4, 330, 334)


def test_a_dataset_that_is_not_there_is_named_with_the_setting_that_helps(desk: Desk, tmp_path: Path) -> None:
    made, data = _made(dataset="lab+iot23/clear"), tmp_path / "public"
    where = data / "data" / "iot23"
    said = without_data(_desk(desk, data), made)
    assert said.startswith(f"tiny was made from lab+iot23/clear, and the files of iot23/clear are not in {where}. ")
    assert f"in the setting data (it is {data})," in said
    assert "training_data" not in said
    assert "or the dataset's own place under console.training_data" in without_data(
        _desk(desk, data), _made(dataset="iot23/clear")
    )
    assert without_data(_desk(desk, data), _made(dataset="lab+lab/homes")) == "", "these travel with the package"


def test_what_lies_where_the_settings_say_is_enough(desk: Desk, tmp_path: Path) -> None:
    own, made = tmp_path / "rows.parquet", _made(dataset="flows")
    assert "Name them under console.training_data" in without_data(desk, made)
    assert f"Nothing lies at {own}. Correct console.training_data" in without_data(_desk(desk, tmp_path, own), made)
    own.write_text("rows")
    assert without_data(_desk(desk, tmp_path, own), made) == ""
    assert "names one place, and tiny was made from 2 datasets" in without_data(
        _desk(desk, tmp_path, own), _made(dataset="lab+iot23/clear")
    )


@pytest.mark.parametrize("provenance", [{}, {"dataset": "of another version"}])
def test_a_bundle_that_names_no_dataset_cannot_be_trained_again(desk: Desk, provenance: dict[str, object]) -> None:
    assert "does not say from which dataset" in without_data(desk, _made(**provenance))
