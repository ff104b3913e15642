import re

import pytest
import results

from experiments.test_experiment import made_up
from redshank.experiments.experiment import find, names


def test_the_pages_of_results_are_what_the_generator_makes_of_the_published_cells() -> None:
    made = results.pages()
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, "run `make results`"
    assert {*results.PUBLISHED.glob("*.md"), *results.PUBLISHED.glob("*.svg")} == set(made) - {results.PAGE}


def test_every_published_file_is_of_an_experiment_and_small() -> None:
    paths = sorted(results.PUBLISHED.glob("*"))
    pages = {f"{name}.{kind}" for name in names() for kind in ("json", "md")}
    assert {path.name for path in paths if path.suffix != ".svg"} <= pages
    assert all(path.stat().st_size < 30_000 for path in paths if path.suffix == ".svg")
    assert sum(path.stat().st_size for path in paths if path.suffix == ".json") < 1_400_000


def test_every_experiment_has_one_place_in_the_order_of_reading() -> None:
    placed = [name for some in results.grouped().values() for name in some]
    assert sorted(placed) == sorted(names())
    assert results.OTHERS not in results.grouped(), "give the new experiment a place in GROUPS"


def test_what_was_not_measured_has_no_figure() -> None:
    bare = results.page({})
    assert not re.search(r"\d\.\d{3}", bare)
    assert "At a glance" not in bare
    assert results.WORTH not in bare
    assert all(f"- `{name}`: " in bare for name in names())


def made(name: str, **figures: float) -> results.Published:
    """Return an experiment with the same figures in every cell."""
    chosen = find(name)
    return results.Published(name, chosen, made_up(chosen.cells([0, 1]), **figures))


def test_each_experiment_has_one_line_and_its_tables_a_page_of_their_own() -> None:
    one = made("mahdi-2024", accuracy=0.5, fpr=0.25)
    text = results.page({one.name: one})
    lines = [line for line in text.splitlines() if line.startswith("| [")]
    assert len(lines) == 1
    assert lines[0].startswith(
        "| [Does active learning improve the published BiLSTM?](results/mahdi-2024.md) | accuracy;"
    )
    assert "0.505" in lines[0]
    assert "| BiLSTM |" not in text
    assert "| BiLSTM |" in results.tables(one)
    assert "[results](../results.md)" in results.tables(one)


def test_sentences_on_published_figures_stand_only_where_their_figures_exist() -> None:
    mahdi, ladder = made("mahdi-2024", accuracy=0.5, fpr=0.25), made("ladder-toniot", macro_f1=0.5)
    assert results.WORTH not in results.page({"sequences": made("sequences", **{"mean AUC": 0.5})})
    alone = results.page({mahdi.name: mahdi})
    both = results.page({mahdi.name: mahdi, ladder.name: ladder})
    assert "Accuracies of 0.9896 and 0.9940 were published" in alone
    assert "With one leak after another closed" not in alone
    assert "With one leak after another closed" in both


def test_an_experiment_without_cells_is_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    missing = [name for name in names() if not (results.MEASURED / name).exists()]
    if missing:
        with pytest.raises(SystemExit, match=f"{missing[0]}: nothing was measured"):
            results.main(missing[:1])
    assert capsys.readouterr().out == ""
