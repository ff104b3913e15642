import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write modules of one package, import them anew, and give its module `caller`."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    package = f"kernels_{abs(hash(tmp_path))}"
    (tmp_path / package).mkdir()

    def write(**sources: str) -> Any:
        for name, source in sources.items():
            (tmp_path / package / f"{name}.py").write_text(f"from redshank.core.kernel import lean_kernel\n{source}")
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return importlib.import_module(f"{package}.caller")

    write.package = package  # type: ignore[attr-defined]
    return write
