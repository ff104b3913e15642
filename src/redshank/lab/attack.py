"""What an emulated attack is, and the bounds none may exceed.

In: an episode (who, whom, how) and the scene. Out: harmless flows, each in the journal under the attack's family.
The one idea: every loop of every attack runs over `pace`, which refuses more packets, a higher rate or a longer time
than the constants here.
"""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

from redshank.core.errors import ActionError
from redshank.core.registry import Kind
from redshank.lab.host import Host, Intent
from redshank.lab.scene import Scene

MAX_RATE_PER_S = 300.0
MAX_COUNT = 600
MAX_SECONDS = 30.0


@dataclass(frozen=True)
class Episode:
    """One attack at one time.

    Args:
        at_s: Seconds after the start of the recording.
        family: Name of the attack.
        variant: One of the attack's variants.
        attackers: Names of the devices that attack.
        victim: Name of the device attacked.
        scale: Share of the usual amount, above 0 up to 1; short recordings take less.
    """

    at_s: float
    family: str
    variant: str
    attackers: tuple[str, ...]
    victim: str
    scale: float = 1.0


class Attack(ABC):
    """One family of emulated attacks.

    Class attributes: `variants` (names of the ways it is done), `victims` (cast names or kinds that may be attacked),
    `episodes` (how many in a recording of full length), `attackers` (how many devices take part), `paces` (of variants
    that flood: the slowest and the fastest that is drawn for each attacker, flows per second).
    """

    variants: ClassVar[tuple[str, ...]]
    victims: ClassVar[dict[str, tuple[str, ...]]]
    episodes: ClassVar[int]
    attackers: ClassVar[int] = 1
    paces: ClassVar[dict[str, tuple[float, float]]] = {}

    def family(self) -> str:
        """Return the family's name, which is the file's."""
        return type(self).__module__.rpartition(".")[2]

    def intent(self, activity: str) -> Intent:
        """Return the intent for the journal."""
        return Intent(activity, self.family())

    @abstractmethod
    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Attack once.

        Args:
            episode: Who, whom, how.
            scene: Everybody's hosts.
            rng: Of this episode alone.

        Raises:
            ActionError: If a target is outside the arena, or a bound is exceeded.
        """


ATTACKS: Kind[Attack] = Kind("redshank.lab.attacks", Attack, "attack")


async def pace(rng: random.Random, count: int, rate_per_s: float) -> AsyncIterator[int]:
    """Count from 0 with irregular pauses, so that on average `rate_per_s` steps are made each second.

    Args:
        rng: Draws the pauses.
        count: Steps, at most MAX_COUNT.
        rate_per_s: At most MAX_RATE_PER_S.

    Raises:
        ActionError: If a bound would be exceeded. Time is bounded too: after MAX_SECONDS the steps simply end.
    """
    if not 0 < rate_per_s <= MAX_RATE_PER_S or count > MAX_COUNT:
        raise ActionError(
            f"lab: {count} steps at {rate_per_s:g} per second is over the bounds "
            f"({MAX_COUNT} steps, {MAX_RATE_PER_S:g} per second); nothing was sent"
        )
    begin = due = time.monotonic()
    for step in range(count):
        ahead = due - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        if time.monotonic() - begin > MAX_SECONDS:
            return
        yield step
        # Late steps are not made up for: a burst after a stall would exceed the rate.
        due = max(due, time.monotonic() - 1 / rate_per_s) + rng.expovariate(rate_per_s)


def amount(episode: Episode, rng: random.Random, low: int, high: int) -> int:
    """Draw how much an episode does, scaled, at least 3."""
    return max(3, round(rng.randint(low, high) * episode.scale))


def address_of(victim: Host, attacker: Host, rng: random.Random) -> str:
    """Return an address of the victim that the attacker can reach, mostly IPv4."""
    both = victim.has_ipv6() and attacker.has_ipv6()
    return victim.addresses[1] if both and rng.random() < 0.3 else victim.ip
