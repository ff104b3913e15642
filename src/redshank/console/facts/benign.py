"""Where benign traffic lies, as the bundles of a site were told when they were trained.

In: the settings. Out: the 1 %, 50 % and 99 % quantiles of benign flows, by column. The one idea: only manifests are
read, each once as long as it does not change; a bundle that is gone leaves an alert without ranges, not without a page.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from redshank.config import Settings
from redshank.core.errors import BundleError
from redshank.detect.default import ANOMALY, default_bundle

Ranges = Mapping[str, tuple[float, float, float]]
MANIFEST = "manifest.json"
_THREE = 3


def ranges(settings: Settings, bundle: str) -> Ranges:
    """Return the quantiles of benign traffic that a bundle carries; none if it is not there any more.

    Args:
        settings: They name the bundles.
        bundle: Name of the bundle, as an alert has it.
    """
    for folder in _classifiers(settings):
        name, found = _manifest(folder / MANIFEST)
        if name == bundle:
            return found
    return {}


def usual(settings: Settings) -> Ranges:
    """Return those of the model of usual traffic."""
    named = settings.detectors.get("anomaly", {}).get("bundle")
    folder = Path(named) if isinstance(named, str) else ANOMALY
    return _manifest(folder / MANIFEST)[1]


def _classifiers(settings: Settings) -> Iterator[Path]:
    chosen = settings.detect
    if chosen.models and chosen.models.is_dir():
        yield from sorted(path for path in chosen.models.iterdir() if path.is_dir())
    if chosen.bundle:
        yield chosen.bundle
    try:
        yield default_bundle()
    except BundleError:  # an installation without one
        return


def _manifest(path: Path) -> tuple[str, Ranges]:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return "", {}


@lru_cache(maxsize=32)
def _read(path: Path, changed_ns: int) -> tuple[str, Ranges]:
    del changed_ns  # part of the key
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        quantiles = manifest["calibration"].get("benign_quantiles", {})
        found = {
            str(name): (float(three[0]), float(three[1]), float(three[2]))
            for name, three in quantiles.items()
            if len(three) == _THREE
        }
        return str(manifest["name"]), found
    except (ValueError, TypeError, KeyError, AttributeError):  # a damaged manifest: the service says so, not this page
        return "", {}
