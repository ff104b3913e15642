"""Where the bundle lies that ships with the package.

In: nothing. Out: the folder, or one clear error where an installation has none.
"""

from pathlib import Path

from redshank.core.errors import BundleError

FOLDER = Path(__file__).parent / "bundles" / "default"


def default_bundle(folder: Path = FOLDER) -> Path:
    """Return the folder of the default bundle.

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
