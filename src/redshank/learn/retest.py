"""Judge a bundle again, with the runtime that serves it.

In: a bundle and a labelled dataset. Out: a `Comparison` of one row. By default the rows are the test part of the
protocol and seed that the bundle was made with, so it never sees what it was trained on; `whole` takes every row of
another dataset. Families are matched by name: one that the bundle has no class for counts as an attack where only
attack or benign matters, and is listed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.bundle import Bundle, Manifest
from redshank.core.errors import ActionError, BundleError
from redshank.core.schema import BENIGN
from redshank.data.assemble import Draft, merged
from redshank.data.dataset import Labelled
from redshank.data.encoding import FlowEncoding
from redshank.data.grouping import Grouping, usual_grouping
from redshank.data.parts import OTHER_FAMILY, Part, Parts
from redshank.data.protocol import partition
from redshank.detect.calibrate import Calibration
from redshank.detect.graph import Graph
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn.compare import OVER_ROWS, RESAMPLES, Comparison, ModelResult, summarize
from redshank.learn.evaluate import evaluate
from redshank.learn.provenance import commit, plain, versions

WHOLE = "whole"


@dataclass(frozen=True)
class _Rows:
    part: Part
    families: npt.NDArray[np.str_]
    grouping: Grouping | None
    protocol: str
    notes: tuple[str, ...]


def retest(
    bundle: Bundle, labelled: Labelled, *, whole: bool = False, flows_per_s: float = 1.0, command: str = ""
) -> Comparison:
    """Score a bundle on labelled rows.

    Args:
        bundle: The bundle.
        labelled: The dataset.
        whole: Take every row, each distinct vector once, instead of the test part.
        flows_per_s: Flows per second for which alerts per day are stated.
        command: The command that was run, without the paths of this machine.

    Raises:
        BundleError: If the bundle was made for other features than this version computes, or its calibration or graph
            is damaged.
        ActionError: If the dataset holds no rows.
    """
    manifest = bundle.manifest
    features = FEATURE_SETS.find(manifest.feature_set)
    bundle.require(features.name, features.version, features.fingerprint(), [c.name for c in features.columns])
    try:
        calibration = Calibration.from_dict(manifest.calibration)
    except ValueError as error:
        raise BundleError(f"bundle {manifest.name}: {error}; train it again") from None
    if len(calibration.class_scores) != len(manifest.classes):
        raise BundleError(
            f"bundle {manifest.name}: calibrated for {len(calibration.class_scores)} classes, it has "
            f"{len(manifest.classes)}; train it again"
        )
    rows = _whole(bundle, labelled) if whole else _test_part(bundle, labelled)
    probabilities = Graph(bundle).probabilities(rows.part.x)
    if not np.isfinite(probabilities).all():
        row = int(np.argmin(np.isfinite(probabilities).all(axis=1)))
        raise BundleError(f"bundle {manifest.name}: its graph gives no number for row {row}; train it again")
    evaluation = evaluate(
        probabilities,
        rows.part,
        manifest.classes,
        calibration,
        families=rows.families,
        grouping=rows.grouping,
        flows_per_s=flows_per_s,
        resamples=RESAMPLES,
    )
    unfamiliar = [f"{f.name} ({f.support:,})" for f in evaluation.families if not f.known]
    notes = list(rows.notes)
    if unfamiliar:
        notes.append(f"families the bundle has no class for, counted as attack only: {', '.join(unfamiliar)}")
    headline, row_headline = summarize([evaluation])
    trained = manifest.provenance
    return Comparison(
        dataset=labelled.name,
        sha256=labelled.sha256,
        protocol=rows.protocol,
        task=manifest.task,
        feature_set=manifest.feature_set,
        seeds=(_seed(manifest, "seed"),),
        interval=OVER_ROWS,
        classes=tuple(manifest.classes),
        rows={"test": len(rows.part)},
        notes=(*notes, *labelled.notes),
        provenance={"commit": commit(), "versions": versions(), "command": command, "bundle": plain(trained)},
        models=(ModelResult(manifest.name, manifest.settings, None, headline, row_headline, (evaluation,), ()),),
    )


def _seed(manifest: Manifest, name: str) -> int:
    value = manifest.provenance.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise BundleError(
            f"bundle {manifest.name}: provenance: '{name}' is {repr(value)[:60]}, wanted 0 to 2^32 - 1; train again"
        )
    return value


def parts_of(bundle: Bundle, labelled: Labelled) -> Parts:
    """Split a dataset by the protocol and seed that a bundle was made with.

    Raises:
        BundleError: If the bundle does not say by which.
    """
    manifest = bundle.manifest
    trained = manifest.provenance
    protocol, seed = str(trained.get("protocol", "leakfree")), _seed(manifest, "partition_seed")
    settings = trained.get("protocol_settings", {})
    if not isinstance(settings, dict):
        raise BundleError(
            f"bundle {manifest.name}: provenance: 'protocol_settings' is {repr(settings)[:60]}, wanted names and "
            "values; train again"
        )
    return partition(
        labelled, protocol=protocol, task=manifest.task, feature_set=manifest.feature_set, seed=seed, **settings
    )


def distinct_rows(labelled: Labelled, feature_set: str) -> tuple[Draft, npt.NDArray[np.str_]]:
    """Take every distinct vector of a dataset; the family of most of its rows is its family.

    Args:
        labelled: The dataset.
        feature_set: Name of the feature set.

    Returns:
        One part, its classes numbers of families, and the names of these.

    Raises:
        ActionError: If there are no flows.
    """
    if not len(labelled.flows):
        raise ActionError(f"{labelled.name}: holds no flows to score")
    every = np.arange(len(labelled.flows))
    (x,) = FlowEncoding(labelled, feature_set).encode([every]).x
    names, of = np.unique(labelled.family, return_inverse=True)
    return merged([x], of.astype(np.int64), [every], drop_seen=False), names


def _test_part(bundle: Bundle, labelled: Labelled) -> _Rows:
    """Take the test part under the protocol and seed that the bundle was made with."""
    manifest = bundle.manifest
    parts = parts_of(bundle, labelled)
    families = parts.families(parts.test)
    known = [manifest.classes.index(name) if name in manifest.classes else OTHER_FAMILY for name in parts.classes]
    table = np.array([*known, OTHER_FAMILY], dtype=np.int64)  # the last is what OTHER_FAMILY, -1, indexes
    notes: tuple[str, ...] = ()
    if manifest.provenance.get("sha256") != labelled.sha256:
        other = manifest.provenance.get("dataset")
        notes = (f"the bundle was trained on other data ({other}); --whole would test every row",)
    part = replace(parts.test, y=table[parts.test.y], minority=_reclassed(parts.test.minority, table))
    return _Rows(part, families, parts.grouping, parts.protocol, notes)


def _whole(bundle: Bundle, labelled: Labelled) -> _Rows:
    """Take every distinct vector of the dataset; the class of most of its rows is its class."""
    manifest = bundle.manifest
    draft, seen = distinct_rows(labelled, manifest.feature_set)
    notes = []
    if manifest.provenance.get("sha256") == labelled.sha256:
        notes.append(
            "the bundle was trained on rows of this very dataset, and they are among those tested: these figures are "
            "too good; leave --whole away"
        )
    class_of = np.array([_class(str(name), manifest.task, manifest.classes) for name in seen], dtype=np.int64)
    distinct = draft.parts[0]
    notes.append(
        f"{len(labelled.flows):,} rows are {len(distinct):,} distinct vectors, {draft.conflicts:,} of them of several "
        "families"
    )
    part = replace(distinct, y=class_of[distinct.y], minority=_reclassed(distinct.minority, class_of))
    return _Rows(part, seen[distinct.y], usual_grouping(labelled), WHOLE, tuple(notes))


def _class(family: str, task: str, classes: list[str]) -> int:
    if task == "binary":
        return 0 if family == BENIGN else 1
    return classes.index(family) if family in classes else OTHER_FAMILY


def _reclassed(minority: npt.NDArray[Any] | None, table: npt.NDArray[np.int64]) -> npt.NDArray[Any] | None:
    if minority is None:
        return None
    changed = minority.copy()
    changed["y"] = table[minority["y"]]
    return changed
