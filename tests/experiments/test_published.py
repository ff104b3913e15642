import json
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_experiments.small_one import SmallOne
from labelled import labelled
from redshank.experiments.measure import Data
from redshank.experiments.published import publish, read
from redshank.experiments.run import load, run
from redshank.report.tables import document


def test_the_published_form_makes_the_same_tables_and_words(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=2, data=Data(lambda _: labelled()))
    for cell in tmp_path.rglob("cells/*.json"):  # wall times are published in tenths; these are some
        cell.write_text(json.dumps({**json.loads(cell.read_text()), "seconds": 0.5}))
    small, results = SmallOne(), load(SmallOne(), tmp_path)
    text = publish(small, results)
    back = read(small, text)
    one, two = (document(small.title, small.what, [], small.tables(known), small.notes) for known in (results, back))
    assert one == two
    assert len(text) < 3000, "curves and figures that no table shows are left out"
    assert len(text.splitlines()) == 2 + 4
    assert "roc" not in text


def test_a_line_that_answers_nothing_declared_today_is_left_out(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=Data(lambda _: labelled()))
    values = json.loads(publish(SmallOne(), load(SmallOne(), tmp_path)))
    values["cells"][0]["key"] = "0" * 16
    assert len(read(SmallOne(), json.dumps(values)).found) == 1


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="not of format 1"):
        read(SmallOne(), '{"format": 2}')


def test_what_failed_is_not_published(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=Data(lambda _: labelled()))
    results = load(SmallOne(), tmp_path)
    first = next(iter(results.found))
    fewer = replace(results, found={first: results.found[first]})
    assert len(json.loads(publish(SmallOne(), fewer))["cells"]) == 1
