"""The shelf as a person sees it: which bundle is in service, what could replace it, and what was decided, and why.

In: a desk. Out: bundles with their roles and figures, and decisions with what they rest on. The one idea: a bundle
never changes once it is on a shelf, so its manifest is read once; the gate's evidence is read from the shelf as plain
values, for nothing here may need what trains models. A shelf whose chain of decisions is broken still shows its
bundles, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from redshank.console.desk import Desk
from redshank.console.jobs import DONE, Job, Jobs
from redshank.console.request_error import RequestError
from redshank.core.bundle import MANIFEST_FILE, Bundle, Manifest
from redshank.core.errors import BundleError, ConfigError, RedshankError
from redshank.core.inert import inert
from redshank.detect.default import default_bundle
from redshank.detect.measured import Measured
from redshank.detect.shelf import Entry, Shelf

COMPARE = ("models", "compare")
"""The words of the command that judges two bundles."""
CHAMPION, SHADOW = "champion", "shadow"
NEEDED = ("sklearn", "torch", "scipy")
"""Of the extra `train`: without them nothing can be trained or judged here."""
HEADLINE = ("macro_f1", "accuracy", "roc_auc", "recall_at_0.01", "fpr_at_0.01", "ece")


@dataclass(frozen=True)
class Figure:
    """One figure of a bundle.

    Args:
        name: As in `learn/evaluation.py`.
        value: The figure; None if it cannot be known.
        low, high: Its interval over test rows; None where none was made.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Shelved:
    """A bundle of the shelf.

    Args:
        name: On the shelf.
        role: CHAMPION, SHADOW or "".
        manifest: What it says of itself.
        figures: Measured later where it was, else by whoever trained it.
        measured: What was measured later; None if nothing was.
        last: The last decision about it.
    """

    name: str
    role: str
    manifest: Manifest
    figures: tuple[Figure, ...]
    measured: Measured | None
    last: "Decided | None"

    @property
    def taught(self) -> int:
        """How many labels of a store it was trained on."""
        return int(self.manifest.provenance.get("labels", {}).get("count", 0))


@dataclass(frozen=True)
class Decided:
    """A decision of the shelf, and what it rests on.

    Args:
        place: 1, 2, 3, ... in the file.
        entry: The decision.
        reasons: The gate's reasons, if it was asked; else the one reason that was given.
        paired: Champion and challenger on the same rows, as `active.decision.Paired` in plain values.
        gate: What the gate asked for, plain values; empty if it was not asked.
        notes: What a reader must know.
        digest: Hash of its line, which the next line repeats.
    """

    place: int
    entry: Entry
    reasons: tuple[str, ...]
    paired: tuple[Mapping[str, Any], ...]
    gate: Mapping[str, Any]
    notes: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Models:
    """The shelf.

    Args:
        folder: Where it is; "" if the settings name none.
        bundles: The champion first, then the shadow, then the others by name.
        decided: The latest first; empty if the chain is broken.
        broken: Why the chain of decisions does not hold, or "".
        torn: What is left of a last line that is no decision, or "".
        unfinished: A decision that was not carried out yet.
        previous: Who would be in service after a roll-back; "" if nobody.
    """

    folder: str
    bundles: tuple[Shelved, ...]
    decided: tuple[Decided, ...]
    broken: str
    torn: str
    unfinished: Entry | None
    previous: str

    @property
    def champion(self) -> Shelved | None:
        """The bundle in service."""
        return next((one for one in self.bundles if one.role == CHAMPION), None)

    @property
    def shadow(self) -> Shelved | None:
        """The bundle that judges beside it."""
        return next((one for one in self.bundles if one.role == SHADOW), None)

    def of(self, name: str) -> Shelved:
        """Return a bundle by its name.

        Raises:
            RequestError: If there is none.
        """
        found = next((one for one in self.bundles if one.name == name), None)
        if found is None:
            raise RequestError(404, f"There is no bundle '{inert(name[:60])}' on the shelf.")
        return found

    def about(self, name: str) -> list[Decided]:
        """Return the decisions about a bundle, and those that replaced it."""
        return [one for one in self.decided if name in (one.entry.name, one.entry.replaced)]

    def decision(self, place: int) -> Decided:
        """Return a decision by its place.

        Raises:
            RequestError: If there is none.
        """
        found = next((one for one in self.decided if one.place == place), None)
        if found is None:
            raise RequestError(404, f"There is no decision {place}.")
        return found


@dataclass(frozen=True)
class Difference:
    """What one bundle has and another has not.

    Args:
        what: "classes", "settings: trees", ...
        before: Of the one.
        after: Of the other.
    """

    what: str
    before: str
    after: str


def manifest(shelf: Shelf, name: str) -> Manifest:
    """Return the manifest of a bundle; the bundle is checked when it is read first.

    Raises:
        BundleError: If there is no such bundle, or it is damaged.
    """
    try:
        stamp = (shelf.folder / name / MANIFEST_FILE).stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _loaded(shelf.folder / name, stamp)


@lru_cache(maxsize=200)
def _loaded(folder: Path, stamp: int) -> Manifest:
    del stamp  # another file is another manifest
    return Bundle.load(folder).manifest


def manifests(desk: Desk) -> list[tuple[str, Manifest]]:
    """Return the bundles of the shelf by name; one that is damaged is left out, and told by `models`."""
    if desk.shelf is None:
        return []
    found = []
    for name in desk.shelf.names():
        try:
            found.append((name, manifest(desk.shelf, name)))
        except BundleError:
            continue
    return found


def untrained() -> str:
    """Say why nothing can be trained or judged here; "" if it can."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return ""
    return (
        f"Nothing can be trained here: {', '.join(missing)} is not installed. This is right for a gateway; where there "
        "is room for it, `pip install -c constraints.txt '.[train]'` in a copy of the source, and begin the console "
        "anew."
    )


def models(desk: Desk) -> Models:
    """Return the shelf as it is now."""
    shelf = desk.shelf
    if shelf is None:
        return Models("", (), (), "", "", None, "")
    broken, torn, unfinished, previous = "", "", None, ""
    decided: tuple[Decided, ...] = ()
    try:
        past = shelf.history()
        unfinished = shelf.unfinished()
        champions = past.champions()
        torn = past.torn
        decided = tuple(
            _decided(at, entry, digest)
            for at, (entry, digest) in enumerate(zip(past.entries, past.hashes, strict=True), start=1)
        )[::-1]
        if champions and champions[-1] == shelf.champion():
            champions.pop()
        previous = champions[-1] if champions else ""
    except BundleError as error:
        broken = str(error)
    roles = {shelf.shadow(): SHADOW, shelf.champion(): CHAMPION}
    bundles = []
    for name, made in manifests(desk):
        last = next((one for one in decided if one.entry.name == name), None)
        bundles.append(_shelved(shelf, name, made, roles.get(name, ""), last))
    order = {CHAMPION: 0, SHADOW: 1}
    bundles.sort(key=lambda one: (order.get(one.role, 2), one.name))
    damaged = sorted(set(shelf.names()) - {one.name for one in bundles})
    if damaged and not broken:
        broken = f"bundle {damaged[0]}: cannot be read; put it back from a copy, or remove its folder"
    return Models(str(shelf.folder), tuple(bundles), decided, broken, torn, unfinished, previous)


def without_shelf(desk: Desk) -> Shelved | str:
    """Return the bundle that judges where the settings name no shelf, or why it cannot be read."""
    try:
        folder = desk.settings.detect.bundle or default_bundle()
        made = Bundle.load(folder).manifest
        measured = Measured.load(folder.parent, folder.name, made.sha256)
    except RedshankError as error:
        return str(error)
    return Shelved(made.name, CHAMPION, made, _figures(made, measured), measured, None)


def changes(one: Manifest, other: Manifest) -> list[Difference]:
    """Return what changed from one bundle to another: classes, features, model, settings, data, labels, thresholds."""
    found = [
        Difference("classes gone", ", ".join(sorted(set(one.classes) - set(other.classes))), ""),
        Difference("classes new", "", ", ".join(sorted(set(other.classes) - set(one.classes)))),
        Difference("task", one.task, other.task),
        Difference(
            "features", f"{one.feature_set} v{one.feature_version}", f"{other.feature_set} v{other.feature_version}"
        ),
        Difference("columns gone", ", ".join(sorted(set(one.columns) - set(other.columns))), ""),
        Difference("columns new", "", ", ".join(sorted(set(other.columns) - set(one.columns)))),
        Difference("model", one.model, other.model),
        *_by_key("setting", one.settings, other.settings),
        *_by_key("made with", _origin(one), _origin(other)),
        *_labels(one, other),
        *_by_key("threshold at", one.calibration.get("thresholds", {}), other.calibration.get("thresholds", {})),
        *_by_key("calibrated", _plain(one.calibration), _plain(other.calibration)),
    ]
    return [difference for difference in found if difference.before != difference.after]


def decided_between(models: Models, one: str, other: str) -> Decided | None:
    """Return the last decision that measured two bundles on the same rows."""
    for decided in models.decided:
        entry = decided.entry
        against = entry.replaced or entry.champion
        if decided.paired and {one, other} == {entry.name, against}:
            return decided
    return None


@dataclass(frozen=True)
class Judged:
    """Two bundles judged by a job on labels that neither was taught.

    Args:
        job: The job.
        one, other: The bundles, in its order.
        figures: As `active.decision.Paired` in plain values.
    """

    job: Job
    one: str
    other: str
    figures: tuple[Mapping[str, Any], ...]


def judged(jobs: Jobs, one: str, other: str) -> Judged | None:
    """Return the last job that compared two bundles, if its files are still there."""
    for job in jobs.jobs():
        words = job.arguments
        if job.state == DONE and words[:2] == COMPARE and {*words[2:4]} == {one, other}:
            figures = (jobs.result(job.id) or {}).get("figures")
            if isinstance(figures, list):
                return Judged(job, words[2], words[3], tuple(figures))
    return None


def _shelved(shelf: Shelf, name: str, made: Manifest, role: str, last: Decided | None) -> Shelved:
    try:
        measured = Measured.load(shelf.folder, name, made.sha256)
    except BundleError:
        measured = None
    return Shelved(name, role, made, _figures(made, measured), measured, last)


def _figures(made: Manifest, measured: Measured | None) -> tuple[Figure, ...]:
    evaluation: Mapping[str, Any] = (
        measured.evaluation if measured else {"vector": {"headline": made.figures}, "intervals": {}}
    )
    values, intervals = evaluation["vector"]["headline"], evaluation["intervals"]
    found = []
    for name in HEADLINE:
        if name in values:
            ends: Sequence[float | None] = intervals.get(name) or (None, None)
            found.append(Figure(name, values[name], ends[0], ends[1]))
    return tuple(found)


def _decided(place: int, entry: Entry, digest: str) -> Decided:
    evidence = entry.evidence
    return Decided(
        place,
        entry,
        tuple(evidence.get("reasons") or (entry.reason,)),
        tuple(evidence.get("paired", ())),
        evidence.get("gate", {}),
        (*evidence.get("notes", ()), *evidence.get("on", ())),
        digest,
    )


def _by_key(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    names = dict.fromkeys([*one, *other])
    return [Difference(f"{what} {name}", _text(one.get(name)), _text(other.get(name))) for name in names]


def _origin(made: Manifest) -> dict[str, Any]:
    return {
        name: made.provenance.get(name)
        for name in ("dataset", "sha256", "protocol", "seed", "partition_seed", "rows", "commit", "command")
    }


def _labels(one: Manifest, other: Manifest) -> list[Difference]:
    before, after = (set(made.provenance.get("labels", {}).get("ids", ())) for made in (one, other))
    return [
        Difference("labels of analysts", f"{len(before):,}", f"{len(after):,}"),
        Difference("labels left out", f"{len(before - after):,}" if before - after else "", ""),
        Difference("labels added", "", f"{len(after - before):,}" if after - before else ""),
    ]


def _plain(calibration: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in calibration.items() if isinstance(value, int | float | str)}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def require_shelf(desk: Desk) -> Shelf:
    """Return the shelf.

    Raises:
        ConfigError: If the settings name none.
    """
    if desk.shelf is None:
        raise ConfigError(
            "detect.models: no shelf of bundles is named; name a folder there, and begin the console anew"
        )
    return desk.shelf
