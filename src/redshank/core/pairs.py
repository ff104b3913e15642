"""Settings as a person types them: `key=value`.

In: texts and the settings there are, with their defaults. Out: values, each in the type of its default, so that there
is no second list of types to keep in step. Ranges are checked by whoever takes the settings.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redshank.core.errors import ConfigError


def read_pairs(
    option: str, texts: Sequence[str], defaults: Mapping[str, Any], no_setting: Callable[[str], str]
) -> dict[str, Any]:
    """Read `key=value` texts.

    Args:
        option: How the person gave them ("--set"), for messages.
        texts: What was typed.
        defaults: The settings there are; `...` stands for a text that has no default.
        no_setting: Words for a key that is no setting.

    Raises:
        ConfigError: If a text is no pair, a key is no setting, or a value is of another type than its default; every
            problem is listed.

    Example:
        >>> read_pairs("--with", ["by=source", "embargo_s=5"], {"by": "host_pair", "embargo_s": 60.0}, str)
        {'by': 'source', 'embargo_s': 5.0}
    """
    settings: dict[str, Any] = {}
    problems = []
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            problems.append(f"{option}: '{text}' is not key=value")
        elif key not in defaults:
            problems.append(no_setting(key))
        else:
            default = defaults[key]
            try:
                settings[key] = _read(value, default)
            except ValueError as error:
                told = "" if default is ... else f" (default {default!r})"
                problems.append(f"{option} {key}: '{value}' is not {error}{told}")
    if problems:
        raise ConfigError(problems)
    return settings


def _read(text: str, default: object) -> object:
    """Read `text` in the type of `default`; ValueError says what was wanted."""
    if isinstance(default, str) or default is ...:
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
