"""A model on disk: a folder with model.onnx and manifest.json.

In: an exported graph and everything needed to believe and to use it. Out: the same, checked. A bundle carries the
fingerprint of its feature set and refuses to score anything else; nothing in it is executable but the ONNX graph, and
no pickle is ever read.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from redshank.core.errors import BundleError
from redshank.core.files import replacing

FORMAT = 1
MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
SHOWN = 60  # characters of a wrong value that its message repeats


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Args:
        name: The bundle's name, as verdicts carry it.
        feature_set: Name of the feature set, for example "conn".
        feature_version: Its version.
        fingerprint: Its fingerprint; scoring needs the same.
        columns: Its columns, in order.
        task: "binary" or "family".
        classes: Class names in the order of the graph's output; "benign" is the first.
        model: Name of the model.
        settings: The model's constructor arguments.
        calibration: What `detect/calibrate.py` fitted: temperature, thresholds by false-alarm rate, benign scores,
            class conformity; plain numbers and lists.
        provenance: Dataset, its sha256, protocol, seed, row counts, commit, versions.
        figures: Headline measures on the test part, for `redshank models` and people.
        sha256: Of model.onnx.
        format: Version of this format.
    """

    name: str
    feature_set: str
    feature_version: int
    fingerprint: str
    columns: list[str]
    task: str
    classes: list[str]
    model: str
    settings: dict[str, Any]
    calibration: dict[str, Any]
    provenance: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    format: int = FORMAT


@dataclass(frozen=True)
class Bundle:
    """A manifest and the bytes of its ONNX graph.

    The graph takes `x` [n, c] float32 (raw feature values, NaN where absent) and gives `probabilities` [n, k] float32.
    """

    manifest: Manifest
    model: bytes

    def save(self, path: Path) -> None:
        """Write the bundle as folder `path`, all or nothing; an older bundle of that name is replaced.

        Raises:
            ConfigError: If the folder cannot be written.
        """
        manifest = {**asdict(self.manifest), "sha256": hashlib.sha256(self.model).hexdigest()}
        with replacing(path) as part:
            part.mkdir()
            (part / MODEL_FILE).write_bytes(self.model)
            (part / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Bundle":
        """Read and check the bundle in folder `path`.

        Raises:
            BundleError: If it is not a bundle, of another format version, or damaged.
        """
        try:
            values: dict[str, Any] = json.loads((path / MANIFEST_FILE).read_text(), parse_constant=_no_number)
            model = (path / MODEL_FILE).read_bytes()
        except OSError:
            wanted = f"a folder with {MODEL_FILE} and {MANIFEST_FILE}"
            raise BundleError(f"bundle {path}: not {wanted}; `redshank train` writes one") from None
        except (ValueError, RecursionError) as error:
            raise BundleError(f"bundle {path}: {MANIFEST_FILE} is not JSON ({error}); train it again") from None
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            given = values.get("format") if isinstance(values, dict) else type(values).__name__
            raise BundleError(f"bundle {path}: format {given!r}, this version reads {FORMAT}; train it again")
        missing = sorted({f.name for f in fields(Manifest)} ^ set(values))
        if missing:
            raise BundleError(
                f"bundle {path}: {MANIFEST_FILE} does not fit, first difference: '{missing[0]}'; train it again"
            )
        wrong = _wrong_type(values)
        if wrong:
            raise BundleError(f"bundle {path}: {MANIFEST_FILE}: {wrong}; fetch or train it again")
        manifest = Manifest(**values)
        found = hashlib.sha256(model).hexdigest()
        if found != manifest.sha256:
            raise BundleError(
                f"bundle {manifest.name}: {MODEL_FILE} has sha256 {found[:12]}..., its manifest says "
                f"{manifest.sha256[:12]}...; the file is damaged or was changed, fetch or train it again"
            )
        return cls(manifest, model)

    def require(self, feature_set: str, version: int, fingerprint: str, columns: list[str]) -> None:
        """Make sure that this bundle was made for the feature set that runs.

        Raises:
            BundleError: If not; the first column that differs is named.
        """
        mine = self.manifest
        if mine.fingerprint == fingerprint:
            return
        pairs = enumerate(zip([*mine.columns, "(none)"], [*columns, "(none)"], strict=False))
        at, (old, new) = next(((i, p) for i, p in pairs if p[0] != p[1]), (-1, ("", "")))
        where = (
            f"first difference: column {at} '{old}', running is '{new}'" if at >= 0 else "the columns mean other things"
        )
        raise BundleError(
            f"bundle {mine.name}: made for feature set {mine.feature_set} v{mine.feature_version} "
            f"({len(mine.columns)} columns), but {feature_set} v{version} ({len(columns)} columns) is running; {where}"
            ". Re-train it, or install the version it names"
        )


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _wrong_type(values: dict[str, Any]) -> str:
    """Say which value of a manifest is not of its field's type; nothing if all are."""
    for name, kind in get_type_hints(Manifest).items():
        value, whole = values[name], get_origin(kind) or kind
        fits = isinstance(value, whole) and not isinstance(value, bool)
        if fits and whole is list:
            (item,) = get_args(kind)
            fits = all(isinstance(one, item) for one in value) and len(set(value)) == len(value)
        if not fits:
            wanted = {str: "text", int: "a whole number", list: "a list of different texts", dict: "an object"}[whole]
            return f"'{name}' is {repr(value)[:SHOWN]}, it must be {wanted}"
    return ""
