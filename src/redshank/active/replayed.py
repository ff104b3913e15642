"""What the labels of a site taught so far, as a curve beside its controls: plain records with a JSON round trip.

In: nothing. Out: `Replayed`, a small file beside a shelf. `active/replay.py` fills it, a page draws it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from redshank.core.errors import ActionError
from redshank.core.files import replacing

CURVE_FILE = "curve.json"
"""Beside the bundles of a shelf."""
FEWEST = 30
"""Labels to learn from, and labels to test on, with less of which no curve is drawn."""
LEVEL = 0.9
"""Of every interval, two-sided."""


@dataclass(frozen=True)
class Reached:
    """What so many labels taught.

    Args:
        labels: How many.
        macro_f1: On the test labels; the mean over orders, if there are several. 0 to 1.
        low, high: Interval of it, over test rows drawn again and over orders.
    """

    labels: int
    macro_f1: float
    low: float
    high: float


@dataclass(frozen=True)
class Gained:
    """A difference of macro-F1 on the same test rows.

    Args:
        labels: With how many labels.
        points: The difference, in points.
        low, high: Interval of it.
    """

    labels: int
    points: float
    low: float
    high: float


@dataclass(frozen=True)
class Replayed:
    """The labels of a site, learned from again in several orders.

    Args:
        given: In the order in which people gave them.
        shuffled: The same labels in random orders: what the order alone did.
        drawn: Only labels of questions that chance drew, in random orders: the control. Empty if they are too few.
        orders: Random orders behind each of these points.
        test: Labels that measured, of which nobody learned.
        test_at_random: How many of them chance drew.
        over_chance: What the questions that were asked gained over as many that chance drew; None if these are too few.
        last_half: What the second half of the labels gained.
        made_at_s: When, s since the epoch.
        notes: What a reader must know, one line each.
    """

    given: tuple[Reached, ...]
    shuffled: tuple[Reached, ...]
    drawn: tuple[Reached, ...]
    orders: int
    test: int
    test_at_random: int
    over_chance: Gained | None
    last_half: Gained
    made_at_s: float
    notes: tuple[str, ...]

    def save(self, shelf: Path) -> None:
        """Write it beside the bundles of a shelf."""
        with replacing(shelf / CURVE_FILE) as part:
            part.write_text(json.dumps(asdict(self), allow_nan=False))

    @classmethod
    def load(cls, shelf: Path) -> Self | None:
        """Read it again; None if nobody made it.

        Raises:
            ActionError: If the file is none of ours.
        """
        try:
            return cls.from_dict(json.loads((shelf / CURVE_FILE).read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ActionError(
                f"{shelf / CURVE_FILE}: is no curve of this version; `redshank labels curve` makes it anew"
            ) from None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild it from `asdict` of it, or from the JSON of that."""
        lines = {name: tuple(Reached(**one) for one in values[name]) for name in ("given", "shuffled", "drawn")}
        over = values["over_chance"]
        return cls(
            **values
            | lines
            | {
                "over_chance": None if over is None else Gained(**over),
                "last_half": Gained(**values["last_half"]),
                "notes": tuple(values["notes"]),
            }
        )
