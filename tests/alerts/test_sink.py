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
