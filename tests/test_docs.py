"""The documents are tested: what they tell a person to type works, and the generated pages say what the code does."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import figures
import pytest
from reference import pages

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_RUN = {
    "git clone": "the reader has no copy yet",
    "make run": "test_the_readme_says_what_make_run_prints runs the same command",
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
def test_a_command_in_the_documents_works(page: str, line: str) -> None:
    del page
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        # `| head` goes away early, which is the point of it; then its own exit code counts.
        ["bash", *([] if "| head" in line else ["-o", "pipefail"]), "-c", line.split("  #", maxsplit=1)[0]],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in dict.fromkeys(PAGES)])
def test_every_link_in_the_documents_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text()):
        if not target.startswith(("http://", "https://")):
            assert ((ROOT / page).parent / target).exists(), target


def test_the_generated_pages_say_what_the_code_does() -> None:
    for name, text in pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text() == text, f"{name} is stale: run `make docs`"


def test_the_readme_says_what_make_run_prints(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "redshank"), "demo", "--json", "-o", str(tmp_path / "out")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = figures.between((ROOT / "README.md").read_text())
    printed = figures.render(json.loads(done.stdout))
    number = r"\d[\d,]*\.?\d*"
    assert re.sub(number, "#", said) == re.sub(number, "#", printed)
    for old, new in zip(re.findall(number, said), re.findall(number, printed), strict=True):
        # Another processor rounds differently, and training amplifies it: percents may move by 8, shares by 0.08.
        before, after = float(old.replace(",", "")), float(new.replace(",", ""))
        assert after == pytest.approx(before, abs=0.08 if before < 1 else 8), (old, new)
