"""When which attack happens in a recording.

In: a seed, a cast, a length. Out: episodes, each with attackers and a victim, spread over the recording so that attacks
of different families and everyday traffic interleave.
"""

import random
from collections.abc import Sequence

from redshank.lab.attack import ATTACKS, Attack, Episode
from redshank.lab.scene import Cast

FULL_S = 150.0
"""A recording of at least this length has every attack's full number of episodes."""
LEAD = 0.05
TAIL = 0.86
"""Share of the recording before the first and after the last start of an attack: only everyday traffic."""


def _victims(attack: Attack, variant: str, cast: Cast, attackers: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for word in attack.victims[variant]:
        members = getattr(cast, word, (word,))
        found += [name for name in members if name not in attackers]
    return found


def _pick_attackers(attack: Attack, cast: Cast, rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(cast.attackers, attack.attackers))


def episodes(seed: int, cast: Cast, seconds: float) -> list[Episode]:
    """Return the episodes of a recording in order of time.

    Args:
        seed: The same seed gives the same plan.
        cast: Who is there.
        seconds: Length of the recording; a short one has one small episode of each family.

    Example:
        >>> from redshank.lab.scene import cast
        >>> len({episode.family for episode in episodes(7, cast(7), 150.0)})
        9
    """
    rng = random.Random(f"plan {seed}")  # noqa: S311  a reproducible lab, not a secret
    share = min(1.0, seconds / FULL_S)
    wanted: list[tuple[str, str]] = []
    for family in ATTACKS.names():
        attack = ATTACKS.find(family)()
        count = max(1, round(attack.episodes * share))
        order = rng.sample(attack.variants, len(attack.variants))
        wanted += [(family, order[number % len(order)]) for number in range(count)]
    rng.shuffle(wanted)
    return _placed(wanted, cast, seconds, max(share, 0.2), rng)


def one_each(seed: int, cast: Cast, seconds: float, families: Sequence[str] = ()) -> list[Episode]:
    """Return one attack of each family, in full size, in an order of its own for each seed.

    Args:
        seed: The same seed gives the same plan.
        cast: Who is there.
        seconds: How long the lab lives.
        families: Which; all if empty.

    Example:
        >>> from redshank.lab.scene import cast
        >>> sorted(episode.family for episode in one_each(7, cast(7), 60.0, ("xss", "dos")))
        ['dos', 'xss']
    """
    rng = random.Random(f"one each {seed}")  # noqa: S311  a reproducible lab, not a secret
    chosen = rng.sample(families or ATTACKS.names(), len(families or ATTACKS.names()))
    wanted = [(family, rng.choice(ATTACKS.find(family).variants)) for family in chosen]
    return _placed(wanted, cast, seconds, 1.0, rng)


def _placed(
    wanted: list[tuple[str, str]], cast: Cast, seconds: float, scale: float, rng: random.Random
) -> list[Episode]:
    """Give families and variants, in this order, their times, attackers and victims."""
    slot_s = seconds * (TAIL - LEAD) / len(wanted)
    planned = []
    for number, (family, variant) in enumerate(wanted):
        attack = ATTACKS.find(family)()
        attackers = _pick_attackers(attack, cast, rng)
        victims = _victims(attack, variant, cast, attackers)
        while not victims:
            attackers = _pick_attackers(attack, cast, rng)
            victims = _victims(attack, variant, cast, attackers)
        at_s = seconds * LEAD + slot_s * (number + rng.uniform(0, 0.9))
        planned.append(Episode(at_s, family, variant, attackers, rng.choice(victims), scale))
    return planned
