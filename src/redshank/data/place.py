"""Where a dataset lies, when nobody says.

In: its name. Out: a path. A public dataset lies in `data/<name>` of the folder that REDSHANK_DATA names; recordings of
the lab travel with the package.
"""

import os
from pathlib import Path

VARIABLE = "REDSHANK_DATA"
DEFAULT = "../shared"
RECORDINGS = Path(__file__).resolve().parents[1] / "lab" / "recordings"
LEARN, UNSEEN = RECORDINGS / "learn", RECORDINGS / "unseen"
EMBEDDED = {"lab": LEARN}


def place(dataset: str) -> Path:
    """Return where the dataset called `dataset` is looked for; nothing need be there.

    Example:
        >>> place("lab").parts[-3:]
        ('lab', 'recordings', 'learn')
    """
    if dataset in EMBEDDED:
        return EMBEDDED[dataset]
    return Path(os.environ.get(VARIABLE) or DEFAULT) / "data" / dataset
