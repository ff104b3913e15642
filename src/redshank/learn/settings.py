"""Settings of a model, as a person types them.

In: `key=value` texts. Out: constructor arguments, each in the type of its default: the constructor is the
configuration, so there is nothing to keep in step. Ranges are checked by the model itself.
"""

import ast
import inspect
from collections.abc import Sequence
from typing import Any

from redshank.core.errors import ConfigError
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
    settings: dict[str, Any] = {}
    problems = []
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            problems.append(f"--set: '{pair}' is not key=value")
        elif key not in defaults:
            problems.append(_no_setting(model, key, defaults))
        else:
            try:
                settings[key] = _read(text, defaults[key])
            except ValueError as error:
                problems.append(f"--set {key}: '{text}' is not {error} (default {defaults[key]!r})")
    if problems:
        raise ConfigError(problems)
    return settings


def check_settings(model: str, settings: dict[str, Any]) -> None:
    """Make sure that the model has all these settings.

    Raises:
        ConfigError: If not; every problem is listed.
    """
    defaults = _defaults(model)
    problems = [_no_setting(model, key, defaults) for key in settings if key not in defaults]
    if problems:
        raise ConfigError(problems)


def _defaults(model: str) -> dict[str, Any]:
    arguments = inspect.signature(MODELS.find(model)).parameters
    own = {name: argument.default for name, argument in arguments.items() if name != "seed"}
    return {**EVERY_MODEL, **own}


def _no_setting(model: str, key: str, defaults: dict[str, Any]) -> str:
    if key == "seed":
        return "--set seed: the seed has an option of its own, --seed"
    return f"--set {key}: {model} has no such setting; {alternatives(key, sorted(defaults))}"


def _read(text: str, default: object) -> object:
    """Read `text` in the type of `default`; ValueError says what was wanted."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False, "none": None}.get(text.lower(), text)
    if isinstance(default, bool):
        wanted, fits = "true or false", isinstance(value, bool)
    elif isinstance(default, int):
        wanted, fits = "a whole number", isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, float):
        wanted, fits = "a number", isinstance(value, int | float) and not isinstance(value, bool)
        value = float(value) if fits else value
    elif isinstance(default, tuple):
        value = (value,) if isinstance(value, int | float) else value
        wanted, fits = "a list of numbers such as 64,32", isinstance(value, tuple | list)
        value = tuple(value) if fits else value
    else:
        wanted, fits = "a value", True
    if not fits:
        raise ValueError(wanted)
    return value
