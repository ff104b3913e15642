"""The documents are tested: what they tell a person to type works, and the generated pages say what the code does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from reference import pages

from program import ended

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_RUN = {
    "git clone": "the reader has no copy yet",
    "make run": "tests/commands/test_demo.py runs the same command and compares what the README says of it",
    "make test": "it would run itself",
    "make services": "installs Debian packages; `.ci/run` begins with it",
    "make lint": "`.ci/run` runs it beside the tests",
    "make bench": "a measurement of minutes",
    "make fuzz": "a campaign of minutes; tests/fuzz runs a small one",
    "make new": "writes into the source tree; tests/tools/test_new.py runs it in a copy",
    "make docs": "tests compare its pages below",
    "pip install": "changes the environment that the tests run in",
    "redshank experiment run": "measures for minutes; tests/commands/test_experiment.py runs a small one",
    "redshank train ton_iot": "trains for minutes on the public table; tests/commands/test_train.py runs it on a part",
}

OF_THE_SHELL = re.compile(r"^(?!redshank )|[|<>&;$`*]|lab record")
"""What needs a shell, or a process of its own."""


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in dict.fromkeys(PAGES):
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            text = block.replace("\\\n", " ")
            found += [
                (str(page.relative_to(ROOT)), line.strip())
                for line in text.splitlines()
                if line.strip() and not line.startswith("#") and not any(s in line for s in NOT_RUN)
            ]
    return found


def _marks(line: str) -> list[pytest.MarkDecorator]:
    marks = []
    if "../shared" in line or "REDSHANK_DATA" in line:
        marks.append(pytest.mark.data)
    if "lab record" in line:
        marks += [pytest.mark.root, pytest.mark.service]
    if " -i " in line:
        marks.append(pytest.mark.root)
    return marks


@pytest.mark.parametrize(
    ("page", "line"), [pytest.param(page, line, marks=_marks(line)) for page, line in dict.fromkeys(_commands())]
)
def test_a_command_in_the_documents_works(
    page: str, line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    del page
    text = line.split("  #", maxsplit=1)[0]
    code, said = _in_a_shell(text) if OF_THE_SHELL.search(text) else _here(text, monkeypatch, capfd)
    assert code == 0, said[-2000:]
    assert "Traceback" not in said
    assert "redshank: " not in said  # `| head` hides the exit code of what it reads


def _in_a_shell(text: str) -> tuple[object, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        # `| head` goes away early, which is the point of it; then its own exit code counts.
        ["bash", *([] if "| head" in text else ["-o", "pipefail"]), "-c", text],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    return done.returncode, done.stderr


def _here(text: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """Run our program in this process: to start it anew and to import it each time would take most of the time."""
    monkeypatch.chdir(ROOT)
    program, *arguments = shlex.split(text)
    assert program == "redshank"
    return ended(monkeypatch, *arguments), capfd.readouterr().err


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in dict.fromkeys(PAGES)])
def test_every_link_in_the_documents_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text()):
        if not target.startswith(("http://", "https://")):
            assert ((ROOT / page).parent / target).exists(), target


def test_every_page_that_the_program_names_is_there() -> None:
    for file in sorted((ROOT / "src").rglob("*.py")):
        for name in re.findall(r"docs/[\w/.-]+\.(?:md|toml)", file.read_text()):
            assert (ROOT / name).is_file(), f"{file.relative_to(ROOT)} names {name}"


def test_the_generated_pages_say_what_the_code_does() -> None:
    for name, text in pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text() == text, f"{name} is stale: run `make docs`"
