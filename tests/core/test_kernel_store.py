import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_SOURCE = "@lean_kernel\ndef twice(value):\n    return 2 * value\n"


def _loaded(one: Any) -> bool:
    return "dispatcher" not in vars(one)


def _library(module: Any) -> Path:
    (path,) = Path(module.__file__).parent.rglob("caller.twice.*.so")
    return path


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    return content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]


@pytest.mark.parametrize("damage", [_cut, _flip, lambda _: b"", lambda _: b"a library of somebody else" * 400])
def test_a_damaged_file_is_replaced(written: Any, damage: Callable[[bytes], bytes]) -> None:
    module = written(caller=_SOURCE)
    assert module.twice(4) == 8
    path = _library(module)
    whole = path.read_bytes()
    path.unlink()  # another file of this name: the one that is loaded stays as it is
    path.write_bytes(damage(whole))
    module = written(caller=_SOURCE)
    assert (module.twice(4), _loaded(module.twice)) == (8, False)
    module = written(caller=_SOURCE)
    assert (module.twice(4), _loaded(module.twice)) == (8, True)


def test_the_library_of_another_kernel_under_this_name_is_not_taken(written: Any) -> None:
    other = "@lean_kernel\ndef thrice(value):\n    return 3 * value\n"
    module = written(caller=_SOURCE + other)
    assert (module.twice(4), module.thrice(4)) == (8, 12)
    path = _library(module)
    (wrong,) = path.parent.glob("caller.thrice.*.so")
    shutil.copy(wrong, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    assert written(caller=_SOURCE + other).twice(4) == 8


def test_what_an_older_kernel_left_is_removed(written: Any) -> None:
    for factor in (2, 3, 4):
        module = written(caller=_SOURCE.replace("2", str(factor)))
        assert (module.twice(4), module.twice(0.5)) == (factor * 4, factor * 0.5)
        assert len(list(Path(module.__file__).parent.rglob("caller.twice.*.so"))) == 2


_PROGRAM = """
import sys
from pack.caller import twice
print(twice(21), "numba" in sys.modules)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "called.py").write_text(f"from redshank.core.kernel import lean_kernel\n{_SOURCE}")
    (tmp_path / "pack" / "caller.py").write_text(
        "from redshank.core.kernel import lean_kernel\nfrom pack import called\n"
        "@lean_kernel\ndef twice(value):\n    return called.twice(value)\n"
    )
    for path in tmp_path.rglob("*.py"):
        os.utime(path, (1e9, 1e9))  # long before this test began
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *sys.path])
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return lambda **more: subprocess.Popen([sys.executable, "-c", _PROGRAM], env={**environment, **more}, **pipes)


def test_processes_that_write_at_once_do_no_harm_and_later_ones_do_without_numba(run: Any, tmp_path: Path) -> None:
    both = [run(), run()]
    assert [one.communicate()[0] for one in both] == ["42 True\n", "42 True\n"]
    assert run().communicate()[0] == "42 False\n"
    assert list(tmp_path.rglob("*.new")) == []


def test_a_change_of_a_file_is_noticed_and_a_new_date_alone_changes_nothing(run: Any, tmp_path: Path) -> None:
    assert run().communicate()[0] == "42 True\n"
    called = tmp_path / "pack" / "called.py"
    os.utime(called, (2e9 / 2 + 5, 1e9 + 5))
    assert run().communicate()[0] == "42 False\n"
    called.write_text(called.read_text().replace("2 *", "3 *"))
    os.utime(called, (1e9 + 9, 1e9 + 9))
    assert run().communicate()[0] == "63 True\n"
    assert run().communicate()[0] == "63 False\n"


def test_where_nothing_can_be_written_beside_the_source_the_users_folder_is_taken(run: Any, tmp_path: Path) -> None:
    (tmp_path / "pack" / "__pycache__").write_text("a file: no folder can be made here")
    assert run().communicate()[0] == "42 True\n"
    assert len(list((tmp_path / "cache").rglob("caller.twice.*.so"))) == 1
    assert run().communicate()[0] == "42 False\n"


def test_where_nothing_can_be_written_kernels_are_compiled_in_memory_and_it_is_told_once(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "pack" / "__pycache__").write_text("a file: no folder can be made here")
    said, told = run(XDG_CACHE_HOME="/dev/null").communicate()
    assert said == "42 True\n"
    assert told.count("compiled in memory, some minutes at each start; set XDG_CACHE_HOME") == 1
    assert list(tmp_path.rglob("*.so")) == []


@pytest.mark.parametrize("given", ["", "cache"])
def test_a_users_folder_that_is_empty_or_relative_counts_as_not_given(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "pack" / "__pycache__").write_text("a file: no folder can be made here")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run(XDG_CACHE_HOME=given, HOME=str(tmp_path / "home")).communicate()[0] == "42 True\n"
    assert list((tmp_path / "here").iterdir()) == []
    assert len(list((tmp_path / "home" / ".cache" / "redshank").rglob("caller.twice.*.so"))) == 1


def test_who_has_no_home_has_no_cache_folder(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # a user that the system does not know
    module = written(caller="@lean_kernel\ndef twice(v):\n    return 2 * v\n")
    assert module.twice(21) == 42
