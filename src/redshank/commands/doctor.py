"""`redshank doctor`: the machine, and a service that runs or ran, looked at."""

from pathlib import Path
from typing import Annotated

import typer

from redshank.inputs import AsJson


def doctor(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="The service's redshank.toml.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the machine and, with -c, at a service that runs or ran, and say what is odd or wrong.

    Reads and asks; changes nothing, and needs no rights but to read the store. Ends with code 0 if there is no problem,
    1 if there is one; a hint is none. `redshank check` tells whether a service could start, this how it fares.

    Example: redshank doctor -c redshank.toml
    """
    from redshank import examining, machine, remains
    from redshank.loading import load
    from redshank.report.summary import Row, Section, show

    def rows(found: "list[examining.Row]") -> list[Row]:
        return [{"part": one.part, "state": one.state, "what": one.words} for one in found]

    settings = load(config, watches=False)
    here = list(examining.of_machine(machine.look(), settings))
    service = list(examining.of_service(remains.look(settings), settings)) if config else []
    parts = [Section("Machine", rows(here)), *([Section("Service", rows(service))] if config else [])]
    show("Doctor", parts, as_json=as_json)
    if any(one.state == examining.PROBLEM for one in (*here, *service)):
        raise typer.Exit(1)
