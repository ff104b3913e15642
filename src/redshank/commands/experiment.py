"""`redshank experiment`: reproduce the tables of this field, resumable, with seeds, intervals and hashes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.experiments.experiment import Experiment, Results
    from redshank.report.summary import Section

experiment = typer.Typer(
    no_args_is_help=True, help="Reproduce tables of this field: resumable, with seeds, intervals and hashes."
)

Name = Annotated[str, typer.Argument(help="Name of the experiment, for example mahdi-2024.")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where experiments lie.")]
HERE = Path("out/experiments")


@experiment.command(name="list")
def list_(
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many seeds are wanted.")] = 5,
    out: Out = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """List the experiments: what each asks, how far it is, what is left to compute.

    Hours are guessed from cells that were measured on this machine.
    """
    from redshank.experiments.experiment import find, names
    from redshank.experiments.run import estimate, load
    from redshank.report.summary import Row, Section, show

    rows: list[Row] = []
    for name in names():
        chosen = find(name)
        results = load(chosen, out / name, seeds)
        todo = [cell for cell in results.cells if cell.key not in results.found]
        left = estimate(todo, list(results.found.values()))
        rows.append(
            {
                "name": name,
                "done": len(results.cells) - len(todo),
                "missing": len(todo),
                "hours left": None if left is None else round(left / 3600, 2),
                "asked": chosen.asks,
            }
        )
    show("Experiments", [Section("Experiments", rows)], as_json=as_json)


@experiment.command()
def run(
    name: Name,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many seeds, beginning with 0.")] = 5,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Only cells that have this in their name.")] = "",
    jobs: Annotated[int, typer.Option(min=1, max=256, help="How many processes, one thread each.")] = 1,
    out: Out = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Measure what is missing of an experiment, then show its tables.

    May be interrupted at any moment: what was measured is kept, and the same command goes on. Writes results.html and
    results.md beside the cells. Ends with code 1 if a cell failed. Needs the extra `train`.

    Example: redshank experiment run mahdi-2024 --seeds 1
    """
    from redshank.core.errors import ActionError
    from redshank.core.files import writable_folder
    from redshank.experiments.experiment import find
    from redshank.experiments.run import load
    from redshank.experiments.run import run as measure
    from redshank.report.summary import Section, show
    from redshank.report.tables import sections

    chosen = find(name)
    folder = writable_folder(out / name, "--out")
    done = measure(chosen, folder, seeds=seeds, only=only, jobs=jobs)
    results = load(chosen, folder, seeds)
    _write_page(folder / "results.html", chosen, results)
    _write_markdown(folder / "results.md", chosen, results)
    counts = Section("Cells", {"measured": done.measured, "kept": done.kept, "failed": len(done.failed)})
    tables = sections(chosen.tables(results), as_json=as_json)
    show(chosen.title, [*tables, *_said(chosen, results), counts], as_json=as_json)
    if done.failed:
        label, error = done.failed[0]
        raise ActionError(f"{name}: {len(done.failed)} cells failed, the first is {label}: {error}")


@experiment.command(name="show")
def show_(
    name: Name,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    out: Out = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Show the tables of what was measured so far."""
    from redshank.experiments.experiment import find
    from redshank.experiments.run import failures, load
    from redshank.report.summary import Section, show
    from redshank.report.tables import sections

    chosen = find(name)
    results = load(chosen, out / name)
    if html:
        _write_page(html, chosen, results)
    if markdown:
        _write_markdown(markdown, chosen, results)
    failed = failures(out / name)
    told = [*sections(chosen.tables(results), as_json=as_json), *_said(chosen, results)]
    told.append(Section("Cells", {"measured": len(results.found), "failed": len(failed)}))
    told += [Section("Failed", failed)] if failed else []
    show(chosen.title, told, as_json=as_json)


def _said(chosen: "Experiment", results: "Results") -> list["Section"]:
    from redshank.report.summary import Section as Part

    words = chosen.words(results) if results.found else []
    told = {"How it was done": chosen.notes, "In words": words}
    return [Part(title, {str(i): line for i, line in enumerate(some, start=1)}) for title, some in told.items() if some]


def _write_page(path: Path, chosen: "Experiment", results: "Results") -> None:
    from redshank.experiments.experiment import comparison
    from redshank.report.evaluation import details
    from redshank.report.page import Chapter, bullets, write_page
    from redshank.report.pictures import chapter
    from redshank.report.tables import chapters

    made = [Chapter("In short", [chosen.what, *(chosen.words(results) if results.found else [])])]
    made += chapter(chosen.pictures(results))
    made += chapters(chosen.tables(results))
    for title in results.tables:
        first = comparison(results, title)
        made += details(first, title) if first else []
    made += [Chapter("How it was done", [bullets(chosen.notes)])] if chosen.notes else []
    write_page(path, chosen.title, made)


def _write_markdown(path: Path, chosen: "Experiment", results: "Results") -> None:
    from redshank.core.files import replacing
    from redshank.report.tables import document

    words = chosen.words(results) if results.found else []
    with replacing(path) as part:
        part.write_text(document(chosen.title, chosen.what, words, chosen.tables(results), chosen.notes), "utf-8")
