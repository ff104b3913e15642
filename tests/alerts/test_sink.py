import re
import tomllib
from inspect import signature
from pathlib import Path

import pytest

from redshank.alerts.sink import SINKS, Sink
from redshank.alerts.sinks.eve import Eve
from redshank.core.errors import ConfigError


def test_sinks_are_found_by_their_file_names() -> None:
    assert SINKS.find("eve") is Eve
    assert all(issubclass(SINKS.find(name), Sink) for name in SINKS.names())


def test_sink_that_is_none_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="sink: no 'evve'; did you mean 'eve'"):
        SINKS.find("evve")


def test_the_how_to_shows_every_sink_with_settings_that_it_has() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "send-alerts.md"
    shown = set()
    for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        for name, values in tomllib.loads(block)["sinks"].items():
            sink = SINKS.find(values.pop("kind", name))
            assert set(values) <= set(signature(sink).parameters), name
            shown.add(sink)
    assert shown == {SINKS.find(name) for name in SINKS.names()}
