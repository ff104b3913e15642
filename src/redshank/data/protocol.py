"""Protocols: named ways from a labelled dataset to partitions.

In: `Labelled`. Out: `Parts`, with the counts that a table of results must carry in `notes`. A protocol says which rows
of the dataset each part gets; what follows is the same for all and stands here: model input is fitted on the training
rows, equal vectors of a part become one (majority class, multiplicity as weight), and a vector that an earlier part
holds is left out of the later ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from redshank.core.errors import ConfigError, SourceError
from redshank.core.pairs import read_pairs
from redshank.core.registry import Kind, alternatives
from redshank.core.schema import BENIGN
from redshank.data.assemble import Draft, merged, whole
from redshank.data.clean import Classes, Step, recorded
from redshank.data.dataset import DATASETS, Labelled
from redshank.data.encoding import Encoding, FlowEncoding, Rows
from redshank.data.grouping import grouping, known_groupings
from redshank.data.own import OWN, OwnEncoding
from redshank.data.parts import OTHER_FAMILY, PARTS, Part, Parts
from redshank.data.split import by_vector, require_disjoint, shared_rows
from redshank.features.feature_set import FEATURE_SETS

TASKS = ("binary", "family")
ATTACK = "attack"
SHARES = (0.6, 0.1, 0.1, 0.2)
"""Of train, validation, calibration and test."""
DROP, KEEP = "drop", "keep"


@dataclass(frozen=True, kw_only=True)
class Protocol(ABC):
    """A protocol; its settings are its fields."""

    name: ClassVar[str]

    @property
    def merges(self) -> bool:
        """Whether equal vectors of a part become one."""
        return True

    @property
    def drops_seen(self) -> bool:
        """Whether a vector that an earlier part holds is left out of the later ones; else it is only counted."""
        return True

    @abstractmethod
    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """Say which rows each part gets.

        Args:
            labelled: The dataset.
            y: Class of each row: 0 is benign.
            encoding: Tells which rows are equal.
            seed: The same seed gives the same parts.

        Returns:
            Row numbers of train, validation, calibration and test, in the order in which a model is to see them, no
            row twice; and notes for a table of results.

        Raises:
            ConfigError: If the dataset has not what the protocol needs.
        """

    def encoding(self, labelled: Labelled, feature_set: str) -> Encoding:
        """Return how rows become model input: by the feature set asked for, unless the protocol has its own way."""
        return OwnEncoding(labelled) if feature_set == OWN else FlowEncoding(labelled, feature_set)

    def joined(self, labelled: Labelled) -> Labelled:
        """Return the rows that are split: the dataset's, unless the protocol adds another's."""
        return labelled

    def settings(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults, as plain values."""
        own = _fields(type(self))
        return {name: getattr(self, name) for name in own if getattr(self, name) != own[name].default}


@dataclass(frozen=True, kw_only=True)
class Lenient(Protocol):
    """A protocol under which it makes sense to keep a vector in two parts: other devices may say the same.

    Args:
        seen: What becomes of a vector that an earlier part holds too: "drop" leaves it out, "keep" only counts it.
    """

    seen: str = DROP

    def __post_init__(self) -> None:
        """Check the settings, as far as that can be done without data."""
        if self.seen not in (DROP, KEEP):
            raise ConfigError(f"protocol {self.name}: seen: no '{self.seen}'; {alternatives(self.seen, (DROP, KEEP))}")

    @property
    def drops_seen(self) -> bool:
        """See `Protocol.drops_seen`."""
        return self.seen == DROP


PROTOCOLS: Kind[Protocol] = Kind("redshank.data.protocols", Protocol, "protocol")


def check_names(protocol: str, task: str, feature_set: str | None) -> None:
    """Make sure that a protocol, a task and a feature set exist, before data is read for them.

    Raises:
        ConfigError: With every name that does not.
    """
    checked = [("protocol", protocol, PROTOCOLS.names()), ("task", task, TASKS)]
    if feature_set is not None:
        checked.append(("feature set", feature_set, [*FEATURE_SETS.names(), OWN]))
    problems = [
        f"{what}: no '{given}'; {alternatives(given, allowed)}"
        for what, given, allowed in checked
        if given not in allowed
    ]
    if problems:
        raise ConfigError(problems)


def defaults(protocol: str) -> dict[str, Any]:
    """Return the settings of a protocol and their defaults; a setting that must be given has none (`...`).

    Raises:
        ConfigError: If there is no such protocol.
    """
    own = _fields(PROTOCOLS.find(protocol))
    return {name: ... if field.default is MISSING else field.default for name, field in own.items()}


def read_protocol(name: str, texts: Sequence[str]) -> dict[str, Any]:
    """Read settings of a protocol as a person types them, `key=value`.

    Raises:
        ConfigError: If there is no such protocol or setting, one is missing, or a value is not allowed; every problem
            is listed.

    Example:
        >>> read_protocol("group", ["by=source"])
        {'by': 'source'}
    """
    known = defaults(name)
    settings = read_pairs("--with", texts, known, lambda key: _no_setting(name, key, known))
    make_protocol(name, settings)
    return settings


def make_protocol(name: str, settings: Mapping[str, Any]) -> Protocol:
    """Make a protocol with its settings.

    Raises:
        ConfigError: If there is no such protocol or setting, one is missing, or a value is not allowed.
    """
    known = defaults(name)
    problems = [_no_setting(name, key, known) for key in settings if key not in known]
    problems += [
        f"protocol {name}: setting '{key}' must be given" for key in known if known[key] is ... and key not in settings
    ]
    if problems:
        raise ConfigError(problems)
    return PROTOCOLS.find(name)(**settings)


def with_test(number: Rows, y: Classes, test: Rows, seed: int) -> list[Rows]:
    """Return the parts where the test rows are given: the others are split by distinct vectors, as `leakfree` does.

    Shape:
        number, y: [n] int64; test: [m] int64.
    """
    before = np.array(SHARES[:-1])
    others = np.setdiff1d(np.arange(len(y)), test)
    shuffle = np.random.default_rng(seed)
    return [*by_vector(number, y, others, before / before.sum(), seed), shuffle.permutation(test)]


def features_of(labelled: Labelled) -> str:
    """Return what models learn from unless told otherwise: a feature set, or "own"."""
    dataset = labelled.name.partition("/")[0]
    return DATASETS.find(dataset).features if dataset in DATASETS.names() else "conn"


def partition(
    labelled: Labelled,
    *,
    protocol: str,
    task: str,
    feature_set: str | None = None,
    seed: int = 0,
    **settings: Any,  # noqa: ANN401  each protocol has its own
) -> Parts:
    """Make partitions of a dataset.

    Args:
        labelled: The dataset.
        protocol: A name in `PROTOCOLS`.
        task: "binary" (benign or attack) or "family".
        feature_set: Name of the feature set, "own" for the dataset's own columns, None for what suits the dataset;
            `paper` and `ladder` have their own columns and use none.
        seed: The same seed gives the same parts.
        **settings: Settings of the protocol.

    Raises:
        ConfigError: If a name or a setting is unknown, or the dataset has not what the protocol needs.
        SourceError: If the dataset has too few rows of benign traffic or of attacks to fill every part.
    """
    check_names(protocol, task, feature_set)
    chosen = make_protocol(protocol, settings)
    labelled = chosen.joined(labelled)
    names, y = _classes(labelled, task)
    encoding = chosen.encoding(labelled, feature_set or features_of(labelled))
    rows, notes = chosen.split(labelled, y, encoding, seed)
    classes, y, rows, strange = _known_to_training(names, y, rows)
    encoded = encoding.encode(rows)
    draft = merged(encoded.x, y, rows, drop_seen=chosen.drops_seen) if chosen.merges else whole(encoded.x, y, rows)
    if chosen.merges and chosen.drops_seen:
        require_disjoint({name: part.x for name, part in zip(PARTS, draft.parts, strict=True)})
    asked = [str(by) for by in (chosen.settings().get("by"),) if by]
    parts = dict(zip(PARTS, draft.parts, strict=True))
    _require_both_sides(labelled.name, protocol, parts)
    taken = [*encoded.taken, *(_merging(draft) if chosen.merges else ())]
    counted = {
        "rows": len(y),
        **(_merging_notes(draft, encoded.dropped, classes) if chosen.merges else _repeat_notes(draft.parts)),
        **({"families_without_training_rows": strange} if strange else {}),
        **notes,
    }
    return Parts(
        parts["train"],
        parts["validation"],
        parts["calibration"],
        parts["test"],
        columns=encoded.columns,
        classes=classes,
        dataset=labelled.name,
        sha256=labelled.sha256,
        protocol=protocol,
        task=task,
        seed=seed,
        feature_set=encoding.feature_set,
        notes={**counted, "steps": recorded(taken), "dataset": list(labelled.notes)},
        steps=encoded.steps,
        scaled=encoded.scaled,
        settings=chosen.settings(),
        family=labelled.family,
        groups={by: grouping(labelled, by) for by in dict.fromkeys((*known_groupings(labelled), *asked))},
    )


def _no_setting(protocol: str, key: str, known: Mapping[str, Any]) -> str:
    return f"protocol {protocol}: no setting '{key}'; {alternatives(key, known)}"


def _fields(protocol: type[Protocol]) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(protocol)}


def _classes(labelled: Labelled, task: str) -> tuple[tuple[str, ...], Classes]:
    """Name the classes, benign first, and number each row's."""
    families = np.unique(labelled.family)
    attacks = tuple(str(name) for name in families if name != BENIGN)
    if len(attacks) == len(families) or not attacks:
        missing = ATTACK if BENIGN in families else BENIGN
        raise SourceError(f"{labelled.name}: has no {missing} row, only {', '.join(families) or 'none at all'}")
    if task == "binary":
        return (BENIGN, ATTACK), (labelled.family != BENIGN).astype(np.int64)
    y = np.searchsorted(np.array(attacks), labelled.family).astype(np.int64) + 1
    y[labelled.family == BENIGN] = 0
    return (BENIGN, *attacks), y


def _known_to_training(
    names: tuple[str, ...], y: Classes, rows: list[Rows]
) -> tuple[tuple[str, ...], Classes, list[Rows], dict[str, int]]:
    """Leave out the classes that training has no row of; such rows stay in the test part alone, as another family."""
    there = np.bincount(y[rows[0]], minlength=len(names)) > 0
    there[0] = True
    if there.all():
        return names, y, rows, {}
    number = np.where(there, np.cumsum(there) - 1, OTHER_FAMILY)
    renamed = number[y]
    strange = {name: int((y[rows[3]] == at).sum()) for at, name in enumerate(names) if not there[at]}
    kept = [part if at == len(rows) - 1 else part[renamed[part] >= 0] for at, part in enumerate(rows)]
    return tuple(name for at, name in enumerate(names) if there[at]), renamed, kept, strange


def _require_both_sides(dataset: str, protocol: str, parts: Mapping[str, Part]) -> None:
    for name, part in parts.items():
        sides = {BENIGN: bool((part.y == 0).any()), ATTACK: bool((part.y != 0).any())}
        missing = next((who for who, there in sides.items() if not there), None)
        # A capture without an attack still tests false alarms; nothing can be trained or calibrated on it.
        if missing and (name != "test" or not len(part)):
            raise SourceError(
                f"{dataset}: too few distinct rows for protocol {protocol}: {name} has no {missing} row "
                f"({len(part)} rows); add recordings of {missing} traffic"
            )


def _merging(draft: Draft) -> Sequence[Step]:
    left = sum(map(len, draft.parts))
    told = f"equal vectors merged; {draft.conflicts} had more than one class"
    gone = sum(vectors for vectors, _ in draft.seen) if draft.dropped else 0
    steps = [Step("drop seen", left, f"{gone} vectors left out, an earlier part has them")] if gone else []
    return (Step("deduplicate", left, told), *steps)


def _merging_notes(draft: Draft, dropped: Sequence[str], classes: tuple[str, ...]) -> dict[str, Any]:
    y = np.concatenate([part.y for part in draft.parts])
    counts = np.bincount(y[y >= 0], minlength=len(classes))
    return {
        "distinct_vectors": sum(len(part) for part in draft.parts),
        "conflicts": draft.conflicts,
        "conflict_rows": draft.conflict_rows,
        "ceiling_accuracy": draft.ceiling,
        **draft.seen_notes(),
        "dropped_columns": list(dropped),
        # Too few distinct vectors to be in every part.
        "scarce_classes": {n: int(m) for n, m in zip(classes, counts, strict=True) if m < len(PARTS)},
    }


def _repeat_notes(parts: Sequence[Part]) -> dict[str, Any]:
    return {"test_rows_seen_in_training": len(shared_rows(parts[0].x, parts[3].x))}
