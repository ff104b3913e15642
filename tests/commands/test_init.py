import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from bundles import tiny_bundle
from program import ended
from redshank import __version__, commands
from redshank.commands import NEW_OBJECTS, add_commands, app, main, program
from redshank.core.errors import ActionError, ConfigError
from redshank.detect.shelf import Shelf

NAMES = sorted(file.stem for file in Path(commands.__file__).parent.glob("[a-z]*.py"))
ADVICE = "see that the disk has room and that you may use it"
PROGRAM = [sys.executable, "-c", "from redshank.commands import main; main()"]


def redshank(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, env=environment
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """Give the program one more command, `fail`, that raises what is put into the list."""
    errors: list[BaseException] = []
    add_commands()

    def fail() -> None:
        raise errors[0]

    monkeypatch.setattr(app, "registered_commands", list(app.registered_commands))
    app.command(name="fail")(fail)
    program.cache_clear()
    yield errors
    program.cache_clear()


def test_help_lists_every_command() -> None:
    done = redshank("--help")
    assert done.returncode == 0
    assert "flows" in NAMES
    words = done.stdout.split()
    assert [name for name in NAMES if name not in words] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_teaches_with_an_example(name: str) -> None:
    add_commands()
    group = typer.main.get_command(app)
    command = group.commands[name]  # type: ignore[attr-defined]
    texts = [command.help or "", *(inner.help or "" for inner in getattr(command, "commands", {}).values())]
    assert any("redshank " + name in text for text in texts), f"redshank {name} --help shows no example"


def test_help_breaks_lines_where_the_terminal_ends_and_keeps_brackets() -> None:
    done = redshank("console", "--help")
    assert "stands in the table [console] of the" in done.stdout
    longest = [line for line in done.stdout.splitlines() if line.startswith(" Without an account")]
    assert [len(line.rstrip()) > 90 for line in longest] == [True]


def test_help_needs_no_training_library_and_no_compiler() -> None:
    code = (
        "import sys\nfrom redshank.commands import add_commands\nadd_commands()\n"
        "print({'torch', 'sklearn', 'pandas', 'lightgbm', 'numba', 'pyarrow', 'onnxruntime'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_commands_are_added_once() -> None:
    add_commands()
    before = len(app.registered_commands), len(app.registered_groups)
    add_commands()
    assert (len(app.registered_commands), len(app.registered_groups)) == before


def test_version_is_told() -> None:
    done = redshank("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"redshank {__version__}\n", "")


def test_no_arguments_show_the_help_as_wrong_usage() -> None:
    done = redshank()
    assert done.returncode == 2
    assert "Commands" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("flow",), "redshank: No such command 'flow'. Did you mean 'flows', 'allow'? (see `redshank --help`)"),
        (("flows", "--zek"), "redshank: No such option: --zek"),
        (("flows", "-r"), "redshank: Option '-r' requires an argument."),
        (("flows", "surplus"), "redshank: Got unexpected extra argument"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(line)
    assert err.count("\n") == 1
    assert "--help`)" in err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError(["a: 1 is wrong", "b: 2 is wrong"]), 2, "redshank: a: 1 is wrong\nredshank: b: 2 is wrong\n"),
        (ActionError("eth9: no such interface"), 1, "redshank: eth9: no such interface\n"),
        (typer.Abort(), 1, ""),
        (typer.Exit(3), 3, ""),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
        (
            OSError(28, "No space left"),
            1,
            f"redshank: output: No space left; {ADVICE}\n",
        ),
        (
            OSError(5, "I/O error", "a.csv"),
            1,
            f"redshank: a.csv: I/O error; {ADVICE}\n",
        ),
        (ActionError("a\x1b[31m\nb: is red"), 1, "redshank: a\\x1b[31m\\nb: is red\n"),
        (ConfigError("a\nb: is no file"), 2, "redshank: a\\nb: is no file\n"),
    ],
)
def test_an_error_of_ours_is_its_line_and_its_exit_code(
    error: BaseException,
    code: int,
    said: str,
    failing: list[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing.append(error)
    assert ended(monkeypatch, "fail") == code
    assert capsys.readouterr() == ("", said)


def test_an_error_that_is_not_ours_shows_where_it_happened(
    failing: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing.append(ZeroDivisionError("a mistake of ours"))
    monkeypatch.setattr("sys.argv", ["redshank", "fail"])
    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        main()


def without(module: str, place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program where `module` cannot be imported, as it is without its extra."""
    hidden = place / "hidden"
    hidden.mkdir()
    (hidden / f"{module}.py").write_text(f"raise ModuleNotFoundError('no such module', name={module!r})\n")
    path = os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=240, env=environment, cwd=place
    )


@pytest.mark.parametrize(
    ("module", "extra", "command"),
    [
        ("torch", "train", "train lab --model fnn"),
        ("sklearn", "train", "console demo"),
        ("fastapi", "console", "console demo"),
        ("argon2", "console", "console --store new.db"),
    ],
)
def test_without_its_extra_a_command_says_at_once_what_to_install(
    module: str, extra: str, command: str, tmp_path: Path
) -> None:
    done = without(module, tmp_path, *command.split())
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"redshank: '{module}' is not installed: this command needs the extra `{extra}`: "
        f"pip install -c constraints.txt '.[{extra}]' in a copy of the source"
    )


def test_the_first_bundle_is_put_in_service_where_nothing_can_be_trained(tmp_path: Path) -> None:
    Shelf(tmp_path / "shelf").put(tiny_bundle(name="first"))
    done = without("scipy", tmp_path, "models", "promote", "first", "--folder", "shelf")
    assert (done.returncode, done.stderr) == (0, "")
    assert Shelf(tmp_path / "shelf").champion() == "first"


def test_what_a_process_does_on_sigterm_is_its_own_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert ended(monkeypatch, "--version") == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_empty_argument_is_no_path(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "flows", "-r", "") == 2
    said = "redshank: argument 3 is empty, after '-r'; give a value, or leave the option away\n"
    assert capsys.readouterr() == ("", said)


def test_log_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    commands.options()
    logging.getLogger("redshank.test").warning("bundle %s", "\x1b[31mred\nline")
    assert capsys.readouterr().err == "WARNING redshank.test: bundle \\x1b[31mred\\nline\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    command = f'"$0" -c "from redshank.commands import main; main()" --version {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_with_standard_error_closed_an_error_does_not_go_to_standard_output() -> None:
    command = '"$0" -c "from redshank.commands import main; main()" flows -r nothing 2>&-'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")  # noqa: PTH110  at import
@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_standard_output_that_is_full_is_one_line(argument: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  a device, not a path
        done = subprocess.run([*PROGRAM, argument], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.decode() == f"redshank: output: No space left on device; {ADVICE}\n"


def test_a_terminal_of_another_encoding_gets_every_line() -> None:
    code = "import sys\nfrom redshank.commands import _open_streams\n_open_streams()\nprint('0.1\u20130.2')"
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60, env=environment)
    assert done.stdout == b"0.1\\u20130.2\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_sigterm_ends_as_ctrl_c_does_with_a_code_of_its_own(ignored: bool) -> None:  # noqa: FBT001  a case
    code = (
        "import os, signal, time\nfrom redshank.commands import app, main\n"
        f"signal.signal(signal.SIGINT, signal.SIG_IGN) if {ignored} else None\n"
        "@app.command()\ndef hang():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        time.sleep(60)\n"
        "    finally:\n        print('cleaned up')\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "hang"], capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stdout, done.stderr) == (143, "cleaned up\n", "")


def test_garbage_is_looked_for_seldom_while_the_program_runs() -> None:
    code = "import sys, gc, atexit, redshank.commands as c; atexit.register(lambda: print(gc.get_threshold()[0])); "
    code += "sys.argv = ['redshank', '--version']; c.main()"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == str(NEW_OBJECTS)
