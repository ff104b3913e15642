"""`redshank explore`: what is in a labelled table, and what in it gives the class away."""

import shlex
from pathlib import Path
from typing import Annotated

import typer


def explore(
    data: Annotated[
        str, typer.Argument(metavar="DATASET|FILE", help="Name of a dataset, or a CSV, TSV or Parquet file (.gz too).")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Below out/, named after the table, if absent.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of a file: the column that says each row's class.")
    ] = None,
    benign: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Of a file: the class that is no attack; by its name if absent.")
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="PATH", help="Of a dataset: its file or folder; under $REDSHANK_DATA if absent."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2_000_000_000, help="Of the random split that look-ups are judged on.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object of all figures.")] = False,
) -> None:
    """Explore a labelled table: one page of its columns, and an audit of what gives the class away.

    Describes, counts, plots and correlates every column, and then asks what no model should be asked first: which
    columns name the class by look-up, how many rows are copies, whether the file is sorted, whether spelling tells the
    class, and what the best possible model could reach. Takes a few minutes and 8 GB at most for two million rows.
    Needs the extra `train`.

    Example: redshank explore lab -o out/lab.html
    """
    from redshank.core.errors import ConfigError
    from redshank.data.dataset import find, read
    from redshank.data.explore.survey import STAGES, survey
    from redshank.data.explore.table import from_labelled, read_file
    from redshank.report.exploration import chapters, sections, subtitle
    from redshank.report.page import write_page
    from redshank.report.progress import stages
    from redshank.report.summary import Section, show

    file = Path(data)
    command = ["redshank", "explore", file.name if file.is_file() else data, "--seed", str(seed)]
    command += ["--label", label] if label else []
    command += ["--benign", benign] if benign else []
    own: frozenset[str] = frozenset()
    if not file.is_file() and (label or benign):
        raise ConfigError(f"--label and --benign are for files, and '{data}' is none; a dataset knows its classes")
    if not file.is_file() and (file.suffix or not file.parent == Path()) and not _dataset(data):
        raise ConfigError(f"no file '{data}', and no dataset of that name; name a table or a dataset")
    target = out or Path("out") / f"{(file.name if file.is_file() else data).replace('/', '-')}-explore.html"
    if target.is_dir():
        raise ConfigError(f"-o: '{target}' is a folder; name a file such as {target / 'report.html'}")
    with stages(STAGES + 2) as told:
        told(f"reading {data}")
        if file.is_file():
            table = read_file(file, label, benign)
        else:
            find(data)
            labelled = read(data, path)
            own = labelled.own.identifiers if labelled.own else own
            table = from_labelled(labelled)
            del labelled
        found = survey(table, own=own, seed=seed, told=told)
        told("writing")
        write_page(
            target,
            f"Exploring {table.name}",
            chapters(found, shlex.join(command)),
            subtitle=subtitle(found),
            contents=True,
        )
    show(
        f"Exploring {table.name}",
        [*sections(found, as_json=as_json), Section("Written", {"file": str(target)})],
        as_json=as_json,
    )


def _dataset(name: str) -> bool:
    from redshank.data.dataset import DATASETS

    return name.partition("/")[0] in DATASETS.names()
