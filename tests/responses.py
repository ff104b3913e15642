"""Fakes for tests of responses: a journal, a kernel and surroundings in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from redshank.core.records import Action
from redshank.respond.backend import Backend, Hold
from redshank.respond.protected import Protected, Surroundings

NOW_S = 1_700_000_000.0
ATTACKER, OTHER, GATEWAY, RESOLVER6 = "10.0.0.66", "10.0.0.7", "10.0.0.1", "fd00::53"
GATEWAY_MAC, ATTACKER_MAC = "02:00:5e:10:00:01", "02:00:5e:10:00:66"
HOME = Surroundings(
    ((GATEWAY, "gateway (eth0)"), (RESOLVER6, "DNS server"), ("10.0.9.0/24", "settings")),
    {GATEWAY: (GATEWAY_MAC,), ATTACKER: (ATTACKER_MAC,), "fd00::66": (ATTACKER_MAC,)},
)


def action(target: str = ATTACKER, measure: str = "block", **changed: object) -> Action:
    """Make an action by the policy, of ten minutes."""
    values: dict[str, object] = {"ttl_s": 600.0, "reason": "dos", "by": "policy", "at_s": NOW_S, **changed}
    return Action.of(measure, target, **values)  # type: ignore[arg-type]


@dataclass
class Lines:
    """A journal in memory; two ledgers may share one."""

    kept: list[str] = field(default_factory=list)

    def append(self, at: int, line: str) -> bool:
        """Write at the end, and nowhere else."""
        if at != len(self.kept):
            return False
        self.kept.append(line)
        return True

    def lines(self, since: int = 0, limit: int | None = None) -> Sequence[str]:
        """Return what is there."""
        return self.kept[since:][:limit]


@dataclass
class Around:
    """Surroundings that a test changes."""

    seen: Surroundings = HOME

    def protected(self) -> Protected:
        """Return the list of what is seen now."""
        return Protected.of(self.seen)


@dataclass
class Kernel(Backend):
    """A kernel in memory, with a clock of its own that a test turns."""

    now_s: float = 0.0
    held: dict[tuple[str, str], tuple[float, Hold]] = field(default_factory=dict)

    def load(self, holds: Sequence[Hold]) -> None:
        """Keep them until their time is over."""
        self.held |= {hold.key: (self.now_s + hold.left_s, hold) for hold in holds}

    def lift(self, keys: Sequence[tuple[str, str]]) -> None:
        """Forget them."""
        for key in keys:
            self.held.pop(key, None)

    def active(self) -> list[Hold]:
        """Return what is kept."""
        self.held = {key: one for key, one in self.held.items() if one[0] > self.now_s}
        return [replace(hold, left_s=until_s - self.now_s) for until_s, hold in self.held.values()]

    def flush(self) -> None:
        """Forget everything."""
        self.held.clear()
