"""Where a dataset lies, when nobody says.

In: its name. Out: a path. A public dataset lies in a folder of `data` in the folder that the setting `data`
(REDSHANK_DATA) names; recordings of the lab travel with the package.
"""

from pathlib import Path

from redshank.config import load
from redshank.core.errors import ConfigError

RECORDINGS = Path(__file__).resolve().parents[1] / "lab" / "recordings"
LEARN = RECORDINGS / "learn"
"""A recording to learn from."""
UNSEEN = RECORDINGS / "unseen"
"""A recording of other devices, addresses and times."""
HOMES = RECORDINGS / "homes"
"""Flows of more recordings to learn from."""
EMBEDDED = {"lab": LEARN, "lab/unseen": UNSEEN, "lab/homes": HOMES}
ANYWHERE = frozenset({"flows"})
"""Datasets that are whatever file a person names."""

# Folders that are not called as their dataset.
_FOLDERS = {"cicids2017": "cicids2017_improved_sample", "telemetry": "ton_iot/iot_telemetry"}
_TIMED_TELEMETRY = "ton_iot/iot_telemetry_with_ts"


def place(dataset: str, data: Path | None = None) -> Path:
    """Return where the dataset called `dataset` is looked for; nothing need be there.

    Args:
        dataset: Its full name, with its part: "telemetry/fridge".
        data: The folder of all; the setting `data` if absent.

    Raises:
        ConfigError: If it can be anywhere.

    Example:
        >>> place("lab").parts[-3:]
        ('lab', 'recordings', 'learn')
    """
    if dataset in EMBEDDED:
        return EMBEDDED[dataset]
    name, _, part = dataset.partition("/")
    if name in ANYWHERE:
        raise ConfigError(f"dataset: '{name}' has no place of its own; name its file or folder (--data PATH)")
    timed = name == "telemetry" and part.endswith("_ts")
    return (data or load().data) / "data" / (_TIMED_TELEMETRY if timed else _FOLDERS.get(name, name))
