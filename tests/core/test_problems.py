import pytest

from redshank.core.errors import ConfigError, SourceError
from redshank.core.problems import Problems


def test_problems_of_all_kinds_are_gathered() -> None:
    problems = Problems()
    problems.end()

    def fails() -> None:
        raise SourceError("eth1: the interface is down")

    def wrong() -> None:
        raise ConfigError(["store: is none", "sinks: are none"])

    assert problems.attempt(lambda: 5) == 5
    problems.attempt(fails)
    with pytest.raises(SourceError, match="eth1: the interface is down"):
        problems.end()
    problems.attempt(wrong)
    problems.attempt(wrong)  # told once
    with pytest.raises(ConfigError) as caught:
        problems.end()
    assert caught.value.problems[0] == "eth1: the interface is down"
    assert caught.value.problems[1:] == ["store: is none", "sinks: are none"]
