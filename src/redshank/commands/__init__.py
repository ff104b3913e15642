"""The command line: one file per command, found by its name.

Exit codes: 0 done, 1 the work failed, 2 wrong usage. An error of ours is one line on standard error, without a
traceback; results go to standard output, log text and progress to standard error.
"""

import functools
import importlib
import logging
import os
import pkgutil
import sys
from typing import Annotated, Any, TextIO

import typer

from redshank import __version__
from redshank.core.errors import RedshankError

app = typer.Typer(
    name="redshank",
    help="Intrusion detection for IoT networks: from packets to alerts a person can act on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# What typer raises for wrong usage (an unknown command, a missing option); it exports only leaves of that tree.
_USAGE_ERROR: Any = typer.BadParameter.__mro__[2]


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now, not to what it was when logging began."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


EXTRA = ("lightgbm", "onnx", "onnxscript", "scipy", "skactiveml", "sklearn", "torch")
"""What only training needs; a gateway has none of it."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"redshank {__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Intrusion detection for IoT networks: from packets to alerts a person can act on."""
    del version  # its callback did the work
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        handlers=[_StandardError()],
        force=True,
    )


@functools.cache
def add_commands() -> None:
    """Put every command of this folder into `app`; a second call does nothing."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        command = getattr(importlib.import_module(f"{__name__}.{module.name}"), module.name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=module.name)
        else:
            app.command(name=module.name)(command)


def main() -> None:
    """Run the command line; the entry point of the `redshank` program."""
    add_commands()
    code = 1
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    finally:
        _let_go_of_output()
    sys.exit(code)


def _run() -> int:
    try:
        code = app(standalone_mode=False)
    except RedshankError as error:
        _say(str(error).splitlines())
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        _say([f"'{error.name}' is not installed: this command needs the extra `train`: pip install 'redshank[train]'"])
        return 1
    except typer.Abort:
        return 1
    except _USAGE_ERROR as error:
        # Without any argument the message is empty, because the help was shown.
        if message := " ".join(error.format_message().split()):
            context = getattr(error, "ctx", None)
            _say([f"{message} (see `{context.command_path if context else app.info.name} --help`)"])
        return 2
    return code if isinstance(code, int) else 0


def _say(lines: list[str]) -> None:
    for line in lines:
        print(f"redshank: {line}", file=sys.stderr)  # noqa: T201  the one place that speaks to a person


def _let_go_of_output() -> None:
    # The reader of our output may be gone (`redshank flows ... | head`): end quietly, as other tools do, and do not let
    # the interpreter stumble over what is still to be written.
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
