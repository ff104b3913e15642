"""Settings of a model, as a person types them.

In: `key=value` texts. Out: constructor arguments, each in the type of its default: the constructor is the
configuration, so there is nothing to keep in step. Ranges are checked by the model itself.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from redshank.core.errors import ConfigError
from redshank.core.pairs import read_pairs
from redshank.core.registry import alternatives
from redshank.learn.model import MODELS

EVERY_MODEL: dict[str, Any] = {"imbalance": "none"}
"""Settings that `learn/train.py` gives to models without one of their own."""


def read_settings(model: str, pairs: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` texts as constructor arguments of a model, each in the type of its default.

    Raises:
        ConfigError: If a text is no pair, the model has no such setting, or the value is of another type; every
            problem is listed.

    Example:
        >>> read_settings("constant", [])
        {}
    """
    defaults = _defaults(model)
    return read_pairs("--set", pairs, defaults, lambda key: _no_setting(model, key, defaults))


def preset(model: str, name: str) -> dict[str, Any]:
    """Return the settings of a recipe that a model has a name for.

    Raises:
        ConfigError: If it has no such recipe.

    Example:
        >>> preset("cnn", "paper")
        {'inputs': 'minmax'}
    """
    presets = MODELS.find(model).PRESETS
    if name not in presets:
        raise ConfigError(f"--preset: {model} has no '{name}'; {alternatives(name, presets)}")
    return presets[name]


def check_settings(model: str, settings: dict[str, Any]) -> None:
    """Make sure that the model has all these settings.

    Raises:
        ConfigError: If not; every problem is listed.
    """
    defaults = _defaults(model)
    problems = [_no_setting(model, key, defaults) for key in settings if key not in defaults]
    if problems:
        raise ConfigError(problems)


def settings_again(model: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that made a model, from what its bundle tells of it.

    Args:
        model: Its name.
        told: Settings as a manifest holds them: lists where tuples were, and what training found beside them.

    Example:
        >>> settings_again("fnn", {"units": [8, 4], "seed": 3, "factors": [1.0, 2.0]})
        {'units': (8, 4)}
    """
    defaults = _defaults(model)
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in told.items() if name in defaults
    }


def written(value: object) -> str:
    """Write a value of a setting as `read_settings` reads it.

    Example:
        >>> written((64, 32)), written(True), written(0.001)
        ('64,32', 'true', '0.001')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _defaults(model: str) -> dict[str, Any]:
    arguments = inspect.signature(MODELS.find(model)).parameters
    own = {name: argument.default for name, argument in arguments.items() if name != "seed"}
    return {**EVERY_MODEL, **own}


def _no_setting(model: str, key: str, defaults: dict[str, Any]) -> str:
    if key == "seed":
        return "--set seed: the seed has an option of its own, --seed"
    return f"--set {key}: {model} has no such setting; {alternatives(key, sorted(defaults))}"
