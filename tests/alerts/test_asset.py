import pytest

from redshank.alerts.asset import NORMAL, VALUES, Assets
from redshank.core.errors import ConfigError


def test_the_longest_prefix_decides() -> None:
    assets = Assets({"10.0.0.0/8": "low", "10.0.0.0/24": "high", "10.0.0.2": "critical", "fd00::/64": "low"})
    told = [VALUES[assets.value(a)] for a in ("10.0.0.2", "10.0.0.3", "10.9.0.1", "fd00::7", "fd01::7", "camera", "")]
    assert told == ["critical", "high", "low", "low", "normal", "normal", "normal"]


def test_all_is_normal_if_nothing_is_said() -> None:
    assert Assets({}).value("10.0.0.2") == NORMAL


def test_every_mistake_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        Assets({"10.0.0.2": "precious", "the hub": "high", "10.0.0.3": "low"})
    assert caught.value.problems == [
        "alerts.assets: 10.0.0.2: 'precious' is no value; allowed are low, normal, high, critical",
        "alerts.assets: 'the hub' is no IP address or network; write 10.0.0.9 or 10.0.0.0/24",
    ]
