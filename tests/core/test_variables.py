import os
import subprocess
import sys
from typing import Any

import pytest

from redshank.config import Settings
from redshank.core.variables import given, mistakes, named, variable_of


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)


def test_a_setting_and_its_variable_are_called_alike() -> None:
    assert named("REDSHANK_ALERTS__WINDOW_S") == "alerts.window_s"
    assert variable_of("alerts.window_s") == "REDSHANK_ALERTS__WINDOW_S"


def test_the_environment_is_read_but_for_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_SINKS__EVE__PATH", "eve.json")
    monkeypatch.setenv("redshank_respond__protect", '["10.0.0.1"]')
    monkeypatch.setenv("REDSHANK_DETECT__DETECTORS", "no JSON")
    monkeypatch.setenv("REDSHANK_STORE__URL", "")
    assert given(Settings, ["REDSHANK_DETECT__DETECTORS"]) == {
        "sinks": {"eve": {"path": "eve.json"}},
        "respond": {"protect": ["10.0.0.1"]},
    }


def test_variables_that_set_nothing_cost_no_import() -> None:
    code = (
        "import sys; from redshank.config import Settings; from redshank.core.variables import given\n"
        "assert given(Settings, []) == {} and 'pydantic_settings' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "REDSHANK_API_CASES": "2"}, check=True, timeout=60)


@pytest.mark.parametrize(
    ("variable", "meant", "values"),
    [
        ("REDSHANK_STORE_URL", "REDSHANK_STORE__URL", {}),
        ("REDSHANK_RESPOND_BACKEND", "REDSHANK_RESPOND__BACKEND", {}),
        ("redshank_store_keep_days", "REDSHANK_STORE__KEEP_DAYS", {}),
        ("REDSHANK_RESPOND_BREAKER_PER_MINUTE", "REDSHANK_RESPOND__BREAKER__PER_MINUTE", {}),
        ("REDSHANK_SINKS_EVE_PATH", "REDSHANK_SINKS__EVE__PATH", {"sinks": {"eve": {"path": "x"}}}),
    ],
)
def test_one_underscore_where_two_are_wanted_is_told(
    variable: str, meant: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "SECRET")
    told = f"environment: {variable}: there is no such setting; did you mean {meant}?"
    assert mistakes(Settings, values) == {variable: told}


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        ("REDSHANK_DATA", {}),
        ("REDSHANK_NO_SKIP", {}),
        ("REDSHANK_API_CASES", {}),
        ("REDSHANK_TOKEN_VALUE", {}),
        ("REDSHANK_STORE_PASSWORD", {}),
        ("REDSHANK_SINKS_EVE_PATH", {}),
        ("REDSHANK_SINKS_HOOK_TOKEN", {"sinks": {"hook": {"token_env": "REDSHANK_SINKS_HOOK_TOKEN"}}}),
        ("REDSHANK_CONSOLE_KEY", {"sinks": {"hook": {"token_env": "REDSHANK_CONSOLE_KEY"}}}),
    ],
)
def test_a_variable_of_another_meaning_is_left_alone(
    variable: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    assert mistakes(Settings, values) == {}


def test_an_empty_variable_sets_nothing_and_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_STORE_URL", "")
    assert mistakes(Settings, {}) == {}


def test_a_variable_that_another_names_for_a_secret_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_SINKS__HOOK__TOKEN_ENV", "REDSHANK_CONSOLE_KEY")
    monkeypatch.setenv("REDSHANK_CONSOLE_KEY", "1")
    assert mistakes(Settings, {}) == {}
