"""Where the bundles lie that ship with the package: a classifier, and a model of benign traffic beside it.

In: nothing. Out: the folder, or one clear error where an installation has none.
"""

from pathlib import Path

from redshank.core.errors import BundleError

FOLDER = Path(__file__).parent / "bundles" / "default"
ANOMALY = FOLDER.with_name("anomaly")


def default_bundle(folder: Path = FOLDER) -> Path:
    """Return the folder of a bundle that ships.

    Args:
        folder: Where it should be.

    Raises:
        BundleError: If there is none.
    """
    if not folder.is_dir():
        raise BundleError(
            f"bundle default: this installation has none at {folder}; train one with `redshank train` and name it "
            "with -m"
        )
    return folder
