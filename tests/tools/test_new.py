import ast
import shutil
from pathlib import Path

import pytest
from new import KINDS, stamp

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for contract, _, folder in KINDS.values():
        target = tmp_path / "src" / "redshank" / contract
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "src" / "redshank" / contract, target)
        (tmp_path / "src" / "redshank" / folder).mkdir(exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_stamped_extension_promises_what_its_contract_does(root: Path, kind: str) -> None:
    source, test = stamp(root, kind, "my_own")
    contract, base, _ = KINDS[kind]
    made = next(n for n in ast.parse(source.read_text()).body if isinstance(n, ast.ClassDef))
    promised = next(
        n for n in ast.parse((root / "src/redshank" / contract).read_text()).body
        if isinstance(n, ast.ClassDef) and n.name == base
    )  # fmt: skip
    wanted = {n.name for n in promised.body if isinstance(n, ast.FunctionDef) and "abstractmethod" in ast.dump(n)}
    assert made.name == "MyOwn"
    assert {n.name for n in made.body if isinstance(n, ast.FunctionDef)} == wanted
    assert "def example(place: Path) -> MyOwn" in test.read_text()


def test_an_unknown_kind_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="kind: no 'sinkk' \\(there are: backend, dataset, detector"):
        stamp(root, "sinkk", "mine")


def test_a_name_that_is_no_module_name_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="name: 'My-Sink' is no module name"):
        stamp(root, "sink", "My-Sink")


def test_a_name_that_is_taken_is_refused(root: Path) -> None:
    stamp(root, "sink", "mine")
    with pytest.raises(ValueError, match="src/redshank/alerts/sinks/mine.py is there already"):
        stamp(root, "sink", "mine")
