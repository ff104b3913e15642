"""Sigma rules as short texts, and FLOW rows for them to look at, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from bundles import START_NS
from redshank.core.schema import flow_batch
from redshank.detect.sigma.rule import Rule
from redshank.detect.sigma.ruleset import Ruleset, load_rules
from redshank.detect.sigma.watchlist import Watchlist

FLOW_SOURCE = {"product": "redshank", "service": "flow"}


def rule(selection: object = None, **changes: Any) -> dict[str, Any]:
    """Return a rule as its file has it; `changes` replaces parts of it, None takes one away."""
    made = {
        "title": "A test",
        "logsource": FLOW_SOURCE,
        "detection": {"it": {"dst_port": 23} if selection is None else selection, "condition": "it"},
        "level": "medium",
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


def correlation(at_least: int = 3, field: str | None = "dst_port", **changes: Any) -> dict[str, Any]:
    """Return a correlation that counts the rule `base`; `changes` replaces parts of its `correlation`."""
    condition = {"gte": at_least, **({"field": field} if field else {})}
    counted = {
        "type": "value_count" if field else "event_count",
        "rules": ["base"],
        "group-by": ["src_ip"],
        "timespan": "10s",
        "condition": condition,
        **changes,
    }
    return {"title": "A count", "name": "count", "correlation": counted, "level": "high"}


def base(selection: object = None) -> dict[str, Any]:
    """Return the rule that `correlation` counts."""
    return rule({"proto": "tcp"} if selection is None else selection, title="Base", name="base")


def load(place: Path, *documents: object, watchlists: Mapping[str, Watchlist] | None = None) -> Ruleset:
    """Write rules to one file and load it."""
    file = place / "rules.yml"
    file.write_text("---\n".join(yaml.safe_dump(one, sort_keys=False) for one in documents))
    return load_rules([file], watchlists or {})


def loaded(place: Path, *documents: object, watchlists: Mapping[str, Watchlist] | None = None) -> Rule:
    """Write rules to one file, load it, and return the last rule."""
    return load(place, *documents, watchlists=watchlists).rules[-1]


def rows(count: int = 1, /, **columns: Any) -> pa.RecordBatch:
    """Return `count` flows of one device, a tenth of a second apart.

    Args:
        count: How many.
        columns: By FLOW name: one value for all, or a function of the row's number.
    """
    values: dict[str, Any] = {
        "ts": lambda i: START_NS + i * 100_000_000,
        "uid": lambda i: f"C{i}",
        "src_ip": "10.0.0.5",
        "src_port": lambda i: 40_000 + i,
        "dst_ip": "10.0.0.9",
        "dst_port": 80,
        "proto": "tcp",
        "part": "final",
        **columns,
    }
    return flow_batch(
        {name: [value(i) if callable(value) else value for i in range(count)] for name, value in values.items()}, count
    )
