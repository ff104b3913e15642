"""Find the `example` that the mirrored test of an extension offers."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]


def example_of(folder: str, name: str) -> Callable[..., Any]:
    """Return `example` of tests/<folder>/test_<name>.py; fail with the path to write if there is none."""
    return offered(folder, name, "example")


def offered(folder: str, name: str, what: str) -> Callable[..., Any]:
    """Return the function called `what` of that test, as `example_of`."""
    path = TESTS / folder / f"test_{name}.py"
    wanted = path.relative_to(TESTS.parent)
    assert path.is_file(), f"'{name}' has no mirrored test: write {wanted} with a function `{what}`"
    spec = importlib.util.spec_from_file_location(f"example_{folder.replace('/', '_')}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hasattr(module, what), f"{wanted} must offer a function `{what}`"
    found: Callable[..., Any] = getattr(module, what)
    return found
