"""`redshank data`: which datasets there are, whether they are what they say, and what is in them."""

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.data.verify import Finding
    from redshank.report.summary import Row

data = typer.Typer(no_args_is_help=True, help="Labelled datasets: which there are, are they right, what is in them.")

LONGEST = 110
"""Characters of what a dataset is that a list shows."""

Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Lies = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Its file or folder; under $REDSHANK_DATA/data if absent."),
]


@data.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the datasets and their parts.

    "here" says whether the files lie where they are looked for; `redshank data verify` reads them. Nothing is ever
    downloaded.
    """
    from redshank.data.dataset import find, full_names
    from redshank.data.place import ANYWHERE, place
    from redshank.report.summary import Section, show

    rows: list[Row] = []
    for name in full_names():
        dataset = find(name)
        counts = dataset.counts
        rows.append(
            {
                "name": name,
                "here": None if dataset.name in ANYWHERE else dataset.here(place(name)),
                "rows": sum(counts.values()) or None,
                "families": len(counts) or None,
                "what": shorten(dataset.what, LONGEST, placeholder=" ..."),
            }
        )
    show("Datasets", [Section("Datasets", rows)], as_json=as_json)


@data.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Its name. All that are here if absent.")] = None,
    path: Lies = None,
    as_json: Json = False,
) -> int:
    """Check that datasets are what they say: sha256, columns, class counts, and the values of each column.

    A name without part means every part that is here, unless there is a whole. Of a file that is not as published it is
    told what differs. Ends with code 1 if anything differs. Needs the extra `train`.

    Example: redshank data verify nsl_kdd
    """
    from redshank.core.errors import ConfigError
    from redshank.data.dataset import find, full_names
    from redshank.data.place import ANYWHERE, place
    from redshank.data.verify import verify as check
    from redshank.report.summary import Section, show

    if name is None and path is not None:
        raise ConfigError(f"--data: '{path}' is the place of one dataset; name which")
    known = full_names()
    parts = [one for one in known if one.startswith(f"{name}/")]
    if name is None:
        chosen, asked = [one for one in known if one not in ANYWHERE], False
    else:
        chosen, asked = (parts, False) if parts and name not in known else ([name], True)
    datasets = [find(one) for one in chosen]
    where = {one.full_name: path or place(one.full_name) for one in datasets}
    absent = [] if asked else [one.full_name for one in datasets if not one.here(where[one.full_name])]
    findings = [check(one, where[one.full_name]) for one in datasets if one.full_name not in absent]
    sections = [Section("Datasets", [_finding(found) for found in findings])] if findings else []
    if absent:
        sections.append(Section("Not here", dict.fromkeys(absent, "no files")))
    show("Datasets verified", sections, as_json=as_json)
    return 0 if all(found.right for found in findings) else 1


def _finding(found: "Finding") -> "Row":
    return {
        "name": found.name,
        "right": found.right,
        "rows": found.rows,
        "sha256": found.sha256[:12] or None,
        "found": found.detail,
    }


@data.command()
def describe(
    name: Annotated[str, typer.Argument(help="Its name, for example telemetry/fridge.")],
    path: Lies = None,
    as_json: Json = False,
) -> None:
    """Tell a dataset's columns and families, how many rows repeat others, its terms and citation.

    The columns are those in canonical form, which models learn from. An identifier names a device, a moment or a row
    and is never model input; a heavy column spans orders of magnitude.

    Example: redshank data describe telemetry/garage_door
    """
    from redshank.data.dataset import find, read
    from redshank.data.describe import columns, families, own_of, repeated
    from redshank.report.summary import Section, show

    dataset = find(name)
    labelled = read(name, path)
    own = own_of(labelled)
    about: Row = {
        "name": dataset.full_name,
        "rows": len(labelled.family),
        "sha256": labelled.sha256,
        **{f"note {at}": note for at, note in enumerate(labelled.notes, start=1)},
        "terms": dataset.terms or None,
        "cite": dataset.citation or None,
        **repeated(own),
    }
    sections = [
        Section("Data", about),
        Section("Families", families(labelled)),
        Section("Columns", columns(own)),
    ]
    show(f"Dataset {dataset.full_name}", sections, as_json=as_json)
