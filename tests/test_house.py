"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "redshank"
MODULES = sorted(path for path in SRC.rglob("*.py") if path.read_text().strip())
TEXTS = {str(path.relative_to(SRC)): path.read_text() for path in MODULES}
"""Each module that is not empty; every rule is one test over all of them, which names what breaks it."""
SYNONYMS = {
    "connection": "flow",
    "confidence": "score",
    "engine": "detector",
    "checkpoint": "bundle",
    "malicious": "attack",
}
ALLOWED_NAMES = {
    "LeastConfidence",  # the published name of the strategy
    *("connection_made", "connection_lost"),  # what asyncio calls of a protocol
}


def _faults(faults_of: Callable[[str], Iterable[str]]) -> list[str]:
    """Return what a rule finds in the text of each module, with the module before it."""
    return [f"{name}: {fault}" for name, text in TEXTS.items() for fault in faults_of(text)]


def test_a_module_has_its_mirrored_test() -> None:
    missing = []
    for path in map(Path, TEXTS):
        stem = "init" if path.stem == "__init__" else path.stem
        wanted = ROOT / "tests" / path.parent / f"test_{stem}.py"
        if path != Path("__init__.py") and not wanted.is_file():
            missing.append(f"write {wanted.relative_to(ROOT)}")
    assert missing == []


def test_a_module_has_at_most_400_lines() -> None:
    assert {name: lines for name, text in TEXTS.items() if (lines := len(text.splitlines())) > 400} == {}


def test_everything_public_has_a_docstring() -> None:
    def bare(text: str) -> Iterator[str]:
        tree = ast.parse(text)
        if not ast.get_docstring(tree):
            yield "the module says nothing of itself"
        for node in _public(tree):
            if not ast.get_docstring(node):
                yield f"{node.name} has no docstring"

    assert _faults(bare) == []


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name[0] != "_")


def test_one_word_per_idea() -> None:
    def strange(text: str) -> Iterator[str]:
        if not any(word in text.lower() for word in SYNONYMS):
            return
        used: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                used.add(node.name)
            elif isinstance(node, ast.arg):
                used.add(node.arg)
        for name in sorted(used - ALLOWED_NAMES):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
            yield from (f"{name}: say '{SYNONYMS[word]}', not '{word}'" for word in words if word in SYNONYMS)

    assert _faults(strange) == []


def test_no_pickle_is_loaded_and_nothing_is_evaluated() -> None:
    pickles = re.compile(r"^\s*(?:import|from) (?:pickle|joblib|dill|shelve)\b", re.MULTILINE)
    calls = re.compile(r"\btorch\.load\(|allow_pickle=True|\beval\(|\bexec\(")
    assert _faults(lambda text: pickles.findall(text) + calls.findall(text.replace(".eval()", ""))) == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(?:TODO|FIXME|XXX)\b|except Exception\b|except:")
    assert _faults(later.findall) == []


def test_what_a_gateway_runs_imports_no_training_library() -> None:
    folders = ("core", "capture", "flows", "features", "detect", "alerts", "respond", "store", "pipeline", "commands")
    names = [
        "redshank." + str(path.relative_to(SRC).with_suffix("")).replace("/", ".").removesuffix(".__init__")
        for path in MODULES
        if path.relative_to(SRC).parts[0] in folders or path.parent == SRC
    ]
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "found = sorted({'torch', 'sklearn', 'pandas', 'lightgbm', 'onnx'} & set(sys.modules))\n"
        "print(','.join(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == ""


def test_the_ignored_rules_each_have_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for line in re.findall(r'^    "[A-Z]+\d*",.*$', text, re.MULTILINE):
        assert "#" in line, line


def test_what_git_holds_stays_small() -> None:
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    files = [ROOT / line.split("\t", 1)[1] for line in listed.stdout.splitlines()]
    assert sum(path.stat().st_size for path in files if path.exists()) < 16 * 2**20
    recordings = [path for path in files if "lab/recordings" in str(path) and path.exists()]
    assert sum(path.stat().st_size for path in recordings) <= 4 * 2**20
    bundles = [path for path in files if "detect/bundles" in str(path) and path.exists()]
    assert sum(path.stat().st_size for path in bundles) <= 1.1 * 2**20


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    words = re.compile(r"/work/main|/root/|pypi\.org/simple|files\.pythonhosted|registry\.npmjs", re.IGNORECASE)
    here = Path(__file__).name
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".json"} and path.name != here and path.is_file():
            assert not words.search(path.read_text()), name
