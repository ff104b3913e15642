"""The command line: one file per command, found by its name.

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 Ctrl-C, 143 asked to end. An error of ours is one line on
standard error, without a traceback; results go to standard output, log text and progress to standard error.
"""

import functools
import gc
import importlib
import io
import logging
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, TextIO

import typer
from typer.main import get_command

from redshank import __version__
from redshank.core.errors import ConfigError, RedshankError
from redshank.core.inert import inert

app = typer.Typer(
    name="redshank",
    help="Intrusion detection for IoT networks: from packets to alerts a person can act on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)

# What typer raises for wrong usage (an unknown command, a missing option); it exports only leaves of that tree.
_USAGE_ERROR: Any = typer.BadParameter.__mro__[2]


class _OneLine(logging.Formatter):
    """Writes a record so that text from the wire or of a file's name cannot steer the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name that logging calls
        return inert(super().formatMessage(record))


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now, not to what it was when logging began."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C and after SIGTERM, as shells count them."""

NEW_OBJECTS = 50_000
"""New objects after which garbage is looked for. Of Python's own 700: all objects of a start stay, and to look
at them again and again takes up to a tenth of a second. A batch of flows leaves none."""

_TRAIN = ("lightgbm", "onnx", "optuna", "pandera", "polars", "scipy", "skactiveml", "sklearn", "torch")
_CONSOLE = ("argon2", "fastapi", "jinja2", "starlette", "uvicorn")
EXTRA = {**dict.fromkeys(_TRAIN, "train"), **dict.fromkeys(_CONSOLE, "console")}
"""What only some commands need, by the extra that has it; a gateway has none of it."""


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
    speaker = _StandardError()
    speaker.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[speaker], force=True)
    logging.getLogger("alembic").setLevel(
        logging.NOTSET if verbose else logging.WARNING
    )  # tells of itself, not of a store


@functools.cache
def add_commands() -> None:
    """Put every command of this folder into `app`; a second call does nothing."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        command = getattr(importlib.import_module(f"{__name__}.{module.name}"), module.name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=module.name)
        else:
            app.command(name=module.name)(command)


@functools.cache
def program() -> Callable[..., object]:
    """Put the commands together; a process that runs many, as tests do, needs that once."""
    return get_command(app)


def main() -> None:
    """Run the command line; the entry point of the `redshank` program."""
    code = 1
    gc.set_threshold(NEW_OBJECTS)
    _open_streams()
    with _heeding_termination() as ended:
        try:
            add_commands()
            code = _run()
        except BrokenPipeError:
            pass
        except KeyboardInterrupt:
            code = INTERRUPTED
        except (ImportError, RuntimeError, SystemError) as error:
            if not _interrupted(error):
                raise
            code = INTERRUPTED
        finally:
            _let_go_of_output()
    sys.exit(TERMINATED if ended and code == INTERRUPTED else code)


def _interrupted(error: BaseException | None) -> bool:
    """Return whether Ctrl-C stands behind the error: a module in C that is being imported makes another of it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def _heeding_termination() -> Iterator[list[int]]:
    """Let SIGTERM end the program as Ctrl-C does, so that it cleans up; the list tells afterwards whether it came."""
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # whoever started us in the background had Ctrl-C ignored
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


def _open_streams() -> None:
    """Make standard output and standard error something to write to, whatever the caller closed or set."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  a device, open until the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as above
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of another encoding still gets every line


def _run() -> int:
    if "" in sys.argv[1:]:  # `-o "$OUT"` without OUT would otherwise mean the current folder
        at = sys.argv.index("", 1)
        _say([f"argument {at} is empty, after '{sys.argv[at - 1]}'; give a value, or leave the option away"])
        return 2
    try:
        code = program()(standalone_mode=False, prog_name="redshank")
        sys.stdout.flush()
    except RedshankError as error:
        _say(error.problems if isinstance(error, ConfigError) else [str(error)])
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        extra = EXTRA[error.name]
        needed = f"the extra `{extra}`: pip install -c constraints.txt '.[{extra}]' in a copy of the source"
        _say([f"'{error.name}' is not installed: this command needs {needed}"])
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        # A disk that fills up or a folder that goes away while we work; what we know beforehand is a ConfigError.
        where = error.filename or "output"
        _say([f"{where}: {error.strerror or error}; see that the disk has room and that you may use it"])
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
        print(f"redshank: {inert(line)}", file=sys.stderr)  # noqa: T201  the one place that speaks to a person


def _let_go_of_output() -> None:
    # The reader of our output may be gone (`redshank flows ... | head`): end quietly, as other tools do, and do not let
    # the interpreter stumble over what is still to be written.
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
