"""A small IoT network in namespaces of one machine, and the recordings made of it.

`record.record` makes one; two of different seeds come with the package, one to learn from and one to try on.
"""

from pathlib import Path

LEARN = Path(__file__).parent / "recordings" / "learn"
"""A recording to learn from."""
UNSEEN = Path(__file__).parent / "recordings" / "unseen"
"""A recording of other devices, addresses and times."""
