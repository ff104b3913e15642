"""Carry nothing out; say exactly what would be.

In: what is to hold. Out: the ruleset that the backend nftables would load, a line of JSON per transaction, into the log
or a file; nothing else is touched. What would hold is remembered until its time is over, so that a trial of a week
shows what would hold at its end. It is forgotten with the process.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from redshank.core.errors import ActionError
from redshank.respond.backend import Backend, Hold
from redshank.respond.ruleset import Command, Ruleset

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DryRun(Backend):
    """Say what the backend nftables would do, and do nothing.

    Args:
        path: File that the rulesets are appended to, one line of JSON each; the log if absent, which has what every
            ruleset begins with (the table, its sets and chains) only once.
        bridges: As of nftables.
        packets_per_s: As of nftables.
    """

    enforces: ClassVar[bool] = False

    path: Path | None = None
    bridges: bool = True
    packets_per_s: int = 50
    _framed: list[bool] = field(default_factory=list, init=False, repr=False, compare=False)
    _until_s: dict[tuple[str, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def rules(self) -> Ruleset:
        """The ruleset that would be loaded."""
        return Ruleset.of(bridges=self.bridges, packets_per_s=self.packets_per_s)

    def load(self, holds: Sequence[Hold]) -> None:
        """Say what would be loaded."""
        self._say(self.rules.frame(), self.rules.elements(holds))
        now_s = time.monotonic()
        self._until_s.update({hold.key: now_s + hold.left_s for hold in holds})

    def lift(self, keys: Sequence[tuple[str, str]]) -> None:
        """Say what would be ended."""
        held = [key for key in keys if self._until_s.pop(key, None) is not None]
        if held:
            self._say(self.rules.frame(), self.rules.endings(held))

    def active(self) -> list[Hold]:
        """Return what would hold."""
        now_s = time.monotonic()
        for key in [key for key, until_s in self._until_s.items() if until_s <= now_s]:
            del self._until_s[key]
        return [Hold(*key, until_s - now_s) for key, until_s in self._until_s.items()]

    def flush(self) -> None:
        """Say that everything would be ended."""
        self._until_s.clear()
        self._say([], self.rules.flushing())

    def _say(self, frame: list[Command], commands: list[Command]) -> None:
        if self.path is None:
            _log.info("would load: %s", self.rules.text([*([] if self._framed else frame), *commands]))
            self._framed[:] = [True]
            return
        line = self.rules.text([*frame, *commands])
        try:
            with self.path.open("a", encoding="ascii") as file:
                file.write(line + "\n")
        except OSError as error:
            raise ActionError(
                f"dry_run: cannot append to '{self.path}' ({error.strerror}); name another file"
            ) from None
