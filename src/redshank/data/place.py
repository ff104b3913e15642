"""Where a dataset lies, when nobody says.

In: its name. Out: a path. A public dataset lies in `data/<name>` of the folder that the setting `data` (REDSHANK_DATA)
names; recordings of the lab travel with the package.
"""

from pathlib import Path

from redshank.config import load

RECORDINGS = Path(__file__).resolve().parents[1] / "lab" / "recordings"
LEARN = RECORDINGS / "learn"
"""A recording to learn from."""
UNSEEN = RECORDINGS / "unseen"
"""A recording of other devices, addresses and times."""
EMBEDDED = {"lab": LEARN}


def place(dataset: str) -> Path:
    """Return where the dataset called `dataset` is looked for; nothing need be there.

    Example:
        >>> place("lab").parts[-3:]
        ('lab', 'recordings', 'learn')
    """
    if dataset in EMBEDDED:
        return EMBEDDED[dataset]
    return load().data / "data" / dataset
