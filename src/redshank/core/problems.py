"""Mistakes, gathered until all are found.

In: functions that make something, or find a mistake. Out: what they make; at the end one error with all mistakes. The
one idea: who makes several things of settings goes on after a mistake, and tells of the next ones too.
"""

from collections.abc import Callable
from typing import TypeVar

from redshank.core.errors import ConfigError, RedshankError

T = TypeVar("T")


class Problems:
    """Every mistake found so far.

    Example:
        >>> found = Problems()
        >>> found.attempt(lambda: int("5"))
        5
        >>> found.lines
        []
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._errors: list[RedshankError] = []

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what `make` makes; None if it finds a mistake, which is kept once."""
        try:
            return make()
        except RedshankError as error:
            told = error.problems if isinstance(error, ConfigError) else [str(error)]
            if new := [line for line in told if line not in self.lines]:
                self._errors.append(error)
                self.lines += new
        return None

    def end(self) -> None:
        """Raise what was found.

        Raises:
            ConfigError: If anything was; what is not about settings is raised as it is, if it is all there is.
        """
        if len(self._errors) == 1 and self.lines == [str(self._errors[0])]:
            raise self._errors[0]
        if self.lines:
            raise ConfigError(self.lines)
