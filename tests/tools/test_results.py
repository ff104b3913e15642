import re

import pytest
import results

from redshank.experiments.experiment import names


def test_the_page_of_results_is_what_the_generator_makes_of_the_published_cells() -> None:
    assert results.PAGE.read_text(encoding="utf-8") == results.page(), "run `make results`"


def test_every_published_file_is_of_an_experiment_and_small() -> None:
    paths = sorted(results.PUBLISHED.glob("*"))
    assert {path.name for path in paths} <= {f"{name}.json" for name in names()}
    assert sum(path.stat().st_size for path in paths) < 700_000


def test_what_was_not_measured_has_no_figure() -> None:
    text = results.page()
    bare = text.partition("## Not measured yet")[2]
    assert not re.search(r"\d\.\d{3}", bare)


def test_an_experiment_without_cells_is_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    missing = [name for name in names() if not (results.MEASURED / name).exists()]
    if missing:
        with pytest.raises(SystemExit, match=f"{missing[0]}: nothing was measured"):
            results.main(missing[:1])
    assert capsys.readouterr().out == ""
