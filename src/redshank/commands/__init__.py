"""The command line: one file per command, found by its name.

Exit codes: 0 done, 1 the work failed, 2 wrong usage. An error of ours is one line on standard error, without a
traceback; results go to standard output, log text and progress to standard error.
"""

import importlib
import logging
import os
import pkgutil
import sys
from typing import Annotated

import typer

from redshank.core.errors import RedshankError

app = typer.Typer(
    name="redshank",
    help="Intrusion detection for IoT networks: from packets to alerts a person can act on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False,
) -> None:
    """Intrusion detection for IoT networks: from packets to alerts a person can act on."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def _add_commands() -> None:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        command = getattr(importlib.import_module(f"{__name__}.{module.name}"), module.name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=module.name)
        else:
            app.command(name=module.name)(command)


def main() -> None:
    """Run the command line; the entry point of the `redshank` program."""
    _add_commands()
    try:
        app()
    except RedshankError as error:
        for line in str(error).splitlines():
            print(f"redshank: {line}", file=sys.stderr)  # noqa: T201  the one place that speaks to a person
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`redshank flows ... | head`): end quietly, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
