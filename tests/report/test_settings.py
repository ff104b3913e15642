import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank import site
from redshank.alerts.sink import SINKS
from redshank.config import Settings, load
from redshank.core.concealed import HIDDEN
from redshank.report.settings import example as text
from redshank.report.settings import in_force, toml
from redshank.respond.backend import BACKENDS


def example() -> str:
    return text(site.tables())


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)


def test_the_example_is_a_settings_file_that_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "redshank.toml").write_text(example())
    assert load(tmp_path / "redshank.toml") == Settings()


def test_every_default_in_the_example_is_the_default() -> None:
    before = example().split("#[[sources]]")[0]
    said = [line[1:] for line in before.splitlines() if line.startswith("#") and not line.startswith("# ")]
    values = tomllib.loads("\n".join(line for line in said if not line.endswith("=")))
    assert values == {"data": "../shared"}
    assert "#interim_packets = 32" in example()
    assert "[sensor]\n# Flows held at once" in example()


def test_the_example_explains_every_sink_backend_and_detector_of_a_table_of_its_own() -> None:
    headings = [line for line in example().splitlines() if line.startswith("#[")]
    assert headings == [
        "#[[sources]]",
        "#[detectors.anomaly]",
        "#[detectors.signatures]",
        "#[[respond.rules]]",
        "#[respond.breaker]",
        *(f"#[backends.{name}]" for name in BACKENDS.names()),
        *(f"#[sinks.{name}]" for name in SINKS.names()),
    ]
    assert "# File to append to" in example()
    assert "#per_minute = 10" in example()


def test_each_setting_stands_in_the_example_once() -> None:
    lines = [line.removeprefix("#") for line in example().splitlines() if line and not line.startswith("# ")]
    values = tomllib.loads("\n".join(line for line in lines if not line.endswith(" =")))  # a double would be refused
    assert values["respond"]["devices"] == values["alerts"]["assets"] == {}
    assert set(values["respond"]["rules"][0]) == {"family", "severity", "evidence", "device", "ttl_s", "approval"}


def test_settings_in_force_load_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "redshank.toml"
    path.write_text(
        "[[sources]]\ninterfaces = ['eth1', 'eth2']\n[alerts]\nwindow_s = 60\n[sinks.'my eve']\nkind = 'eve'\n"
        "path = 'a\"b\\u007f.json'\n"
    )
    settings = load(path)
    path.write_text(in_force(settings, site.tables()))
    assert load(path) == settings
    assert settings.sources[0].interfaces == ("eth1", "eth2")


def test_secrets_are_not_among_settings_in_force(tmp_path: Path) -> None:
    path = tmp_path / "redshank.toml"
    path.write_text(
        "[store]\nurl = 'postgresql://ana:SECRETWORD@db.example/redshank'\n"
        "[sinks.webhook]\nurl = 'https://hooks.example/services/SECRETPATH'\ntoken_env = 'TOKEN_OF_THE_HOOK'\n"
        "[sinks.pager]\nkind = 'bell'\ncode = 'SECRETCODE'\n[sinks.mqtt]\nhost = 'broker'\npasword = 'SECRETWORD'\n"
    )
    told = in_force(load(path), site.tables())
    assert "SECRET" not in told
    values = tomllib.loads(told)
    assert values["store"]["url"] == "postgresql://ana:...@db.example/redshank"
    assert values["sinks"]["webhook"] == {"url": HIDDEN, "token_env": "TOKEN_OF_THE_HOOK"}
    assert values["sinks"]["pager"] == {"kind": "bell", "code": HIDDEN}
    assert values["sinks"]["mqtt"] == {"host": "broker", "pasword": HIDDEN}


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(VALUES)
def test_every_value_reads_back_as_it_was(value: object) -> None:
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text that a file in UTF-8 could hold
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_what_toml_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be written in TOML"):
        toml({1j})
