import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_nobody_guesses_a_password_and_the_owner_comes_in_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("bench_logins", BENCH / "logins.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["logins.py", "--guesses", "30"])
    module.main()
    one, many = (line.split() for line in capsys.readouterr().out.splitlines()[2:])
    assert one[3:5] == ["0", "9"]
    assert many[3:5] == ["0", "30"]
    assert one[-3:] == many[-3:] == ["ada", "came", "in"]
