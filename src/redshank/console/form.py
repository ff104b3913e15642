"""What a form or a query says, looked at whole.

In: fields as they came, of bounded number and length. Out: values of the wanted kind, or all problems at once. The one
idea: each question about a field notes what is wrong and goes on, and `check` tells it all, so that a person mends a
form once.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.registry import alternatives

MOST_FIELDS = 1_000
MOST_CHARACTERS = 4_000
"""Of one value, unless a field is asked for with more."""
_SHOWN = 60


class Form:
    """The fields of a form or of a query.

    Args:
        fields: Names and values, in order; a name may come several times.

    Example:
        >>> form = Form([("minutes", "many"), ("why", "")])
        >>> form.number("minutes", 1, 60), form.text("why", least=3)
        (1, '')
        >>> form.check()
        Traceback (most recent call last):
        ...
        redshank.core.errors.ConfigError: minutes: 'many' is no number; give one from 1 to 60
        why: '' has 0 characters; give 3 to 4000
    """

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self.fields = list(fields)
        self.problems: list[str] = []

    def text(self, name: str, *, least: int = 0, most: int = MOST_CHARACTERS, default: str = "") -> str:
        """Return a field without the space around it."""
        found = self._last(name)
        if found is None:
            found = default
        value = found.replace("\r\n", "\n").strip()
        if not least <= len(value) <= most:
            self.problems.append(
                f"{name}: '{inert(value[:_SHOWN])}' has {len(value)} characters; give {least} to {most}"
            )
            return value[:most]
        return value

    def secret(self, name: str) -> str:
        """Return a field as it is, for a password: never shown in a problem."""
        return (self._last(name) or "")[:MOST_CHARACTERS]

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number; `low` if there is a problem, or `default` if nothing was given."""
        value = (self._last(name) or "").strip()
        if not value and default is not None:
            return default
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not low <= found <= high:  # also what is no number
            self.problems.append(f"{name}: '{inert(value[:_SHOWN])}' is no number; give one from {low:g} to {high:g}")
            return low
        return found

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number, as `number` does."""
        value = (self._last(name) or "").strip()
        if not value and default is not None:
            return default
        plain = value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 19
        if not plain or not low <= int(value) <= high:
            self.problems.append(
                f"{name}: '{inert(value[:_SHOWN])}' is not allowed; give a whole number, {low} to {high}"
            )
            return low
        return int(value)

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return one of what is allowed; the first if there is a problem, or `default` if nothing was given."""
        value = (self._last(name) or "").strip()
        if not value and default is not None:
            return default
        if value not in allowed:
            self.problems.append(f"{name}: no '{inert(value[:_SHOWN])}'; {alternatives(value[:_SHOWN], allowed)}")
            return allowed[0]
        return value

    def several(self, name: str, *, most: int = 500, characters: int = 200) -> list[str]:
        """Return all values of a name, without doubles."""
        found = list(dict.fromkeys(value.strip() for key, value in self.fields if key == name and value.strip()))
        if len(found) > most:
            self.problems.append(f"{name}: {len(found)} values; give {most} at most")
        for value in found:
            if len(value) > characters:
                self.problems.append(
                    f"{name}: '{inert(value[:_SHOWN])}' has {len(value)} characters; give {characters}"
                )
        return [value for value in found[:most] if len(value) <= characters]

    def has(self, name: str) -> bool:
        """Tell whether a field was given: a box that is not ticked is not."""
        return self._last(name) is not None

    def check(self) -> None:
        """Raise what was wrong with what was asked for until now.

        Raises:
            ConfigError: With every problem.
        """
        if self.problems:
            raise ConfigError(self.problems)

    def _last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self.fields) if key == name), None)


def parsed(text: str) -> list[tuple[str, str]]:
    """Return the fields of a query or of a form's body.

    Raises:
        ConfigError: If there are too many.
    """
    text = text.replace("%00", "%EF%BF%BD")  # PostgreSQL keeps no zero byte
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ConfigError(f"form: more than {MOST_FIELDS} fields; send fewer at once") from None


async def posted(request: Request) -> Form:  # as `sessions.viewer`: no thread for what waits for nothing
    """Return the form that was sent."""
    return Form(request.scope.get("redshank.form", []))


async def asked(request: Request) -> Form:
    """Return what stands behind the question mark."""
    return Form(parsed(request.scope["query_string"].decode("latin-1")))


Posted = Annotated[Form, Depends(posted)]
Asked = Annotated[Form, Depends(asked)]
