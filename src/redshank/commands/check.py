"""`redshank check`: whether a service could run with its settings, here and now."""

from pathlib import Path
from typing import Annotated

import typer

from redshank.inputs import AsJson


def check(
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the settings, the sources, the models, the sinks, the firewall and the store, and say what is not well.

    Ends with code 0 if a service could start, 1 if a part is not well, 2 if the file cannot be read as settings. Opens
    what the service would open, and closes it again; captures nothing, sends nothing, loads nothing. Makes an empty
    store where there is none; one of an older version stays as it is, for a service that may be at work on it.

    A sink that cannot be reached within some seconds is a hint: a service starts, and alerts wait for the sink. Whether
    alerts are taken, `redshank selftest --sinks` tries.

    Example: redshank check -c redshank.toml
    """
    from redshank.checking import BESIDE, findings
    from redshank.loading import load
    from redshank.report.summary import Row, Section, show

    found = list(findings(load(config, beside=BESIDE)))
    rows: list[Row] = [
        {"part": one.part, "well": ("hint" if one.hint else "yes") if one.well else "NO", "what": one.words}
        for one in found
    ]
    show("Check", [Section("Parts", rows)], as_json=as_json)
    if not all(one.well for one in found):
        raise typer.Exit(1)
