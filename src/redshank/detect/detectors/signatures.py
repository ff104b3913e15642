"""Judge flows by signatures: Sigma rules over the fields of FLOW, and lists of what is known to be bad.

In: FLOW rows. Out: VERDICT rows. A flow that no rule hits gets no score: rules know attacks, they do not know what is
benign. The one idea: a rule is read once and asked of a whole batch, column by column.

How a verdict comes about, row by row:

- `rules` and `reasons`: every rule that hit, the gravest first, and what it saw, with ATT&CK techniques.
- `score`, `family`, `alarm`: of the gravest rule of level medium or higher (`detect/sigma/rule.py` has the table). The
  scores are declared, not calibrated. A rule of a lower level is a reason only.
- `bundle`: the rules' origin and a digest of them.

Correlations ("twenty ports within a minute") count flows that came before, so this detector remembers; memory is
bounded for each rule and what is forgotten is counted (`detect/sigma/window.py`).
Source: https://sigmahq.io/sigma-specification/
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.core.schema import verdict_batch
from redshank.detect.detector import Detector
from redshank.detect.sigma.columns import Columns, Mask
from redshank.detect.sigma.rule import Rule, strongest_last
from redshank.detect.sigma.ruleset import STARTER, load_rules
from redshank.detect.sigma.watchlist import load_watchlists


class Signatures(Detector):
    """Sigma rules, on one thread of the CPU.

    Wrong as the only detector: what no rule describes goes by without a word.

    Args:
        rules: Files of Sigma rules, and folders of them.
        starter: Whether the rules that ship with the package run too.
        watchlists: Text files of addresses, networks and domains, and folders of them; a rule names one as its file,
            `bad_addresses` and `bad_domains` are what the starter rules look for.
        off: Names of rules that are not to run.

    Raises:
        ConfigError: With every problem in rules, watchlists and names.
    """

    remembers = True

    def __init__(
        self,
        rules: tuple[Path, ...] = (),
        *,
        starter: bool = True,
        watchlists: tuple[Path, ...] = (),
        off: tuple[str, ...] = (),
    ) -> None:
        self._paths = (STARTER, *watchlists)
        self._watchlists = load_watchlists(self._paths)
        found = load_rules([*([STARTER] if starter else []), *rules], self._watchlists)
        names = [rule.name for rule in found.rules]
        missing = [f"off: no rule '{name}'; {alternatives(name, names)}" for name in off if name not in names]
        if missing:
            raise ConfigError(missing)
        self.name = found.name
        self.rules: Sequence[Rule] = [rule for rule in found.speaking() if rule.name not in off]
        self._running = [(rule, rule.window()) for rule in strongest_last(self.rules)]
        self._families = pa.array([rule.family for rule, _ in self._running], pa.string())
        self._names = pa.array([rule.name for rule, _ in self._running], pa.string())
        self._scores = np.array([np.nan if rule.score is None else rule.score for rule, _ in self._running])

    @property
    def families(self) -> Sequence[str]:
        """Those of its rules."""
        return sorted({rule.family for rule in self.rules})

    @property
    def forgotten(self) -> dict[str, int]:
        """Groups of flows that correlations had no room for, by rule."""
        return {rule.name: window.forgotten for rule, window in self._running if window and window.forgotten}

    def reload(self) -> None:
        """Read the watchlists again; rules that name them see the new entries with the next batch.

        Raises:
            ConfigError: If one cannot be read; then all stay as they were.
        """
        for name, fresh in load_watchlists(self._paths).items():
            if name in self._watchlists:
                self._watchlists[name].take(fresh)

    def goes_on_from(self, before: "Signatures") -> None:
        """Take over what rules of the same name and count remember in another detector; it must judge no more."""
        known = {(rule.name, rule.counting): window for rule, window in before._running}  # noqa: SLF001  of the same class
        self._running = [(rule, known.get((rule.name, rule.counting), window)) for rule, window in self._running]

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow.

        Shape:
            returns: VERDICT rows, one per row of `flows`, in the same order.
        """
        columns = Columns(flows)
        hits: list[tuple[int, npt.NDArray[np.intp]]] = []
        gravest = np.full(flows.num_rows, -1, dtype=np.int64)
        for at, (rule, window) in enumerate(self._running):
            hit = np.flatnonzero(rule.hits(columns, window))
            if len(hit):
                hits.append((at, hit))
                gravest[hit] = at
        if not hits:
            return self._verdicts(flows, {})
        score = np.where(gravest >= 0, self._scores[gravest], np.nan)
        silent: Mask = np.isnan(score)
        rules, reasons = self._told(columns, hits)
        told = {
            "score": pa.array(score, mask=silent),
            "family": self._families.take(pa.array(gravest, mask=silent)),
            "unknown": pa.array(np.zeros(flows.num_rows, dtype=np.bool_), mask=silent),
            "alarm": pa.array(~silent),
            "rules": rules,
            "reasons": reasons,
        }
        return self._verdicts(flows, told)

    def _verdicts(self, flows: pa.RecordBatch, told: dict[str, pa.Array]) -> pa.RecordBatch:
        columns = {
            "uid": flows.column("uid"),
            "ts": flows.column("ts"),
            "detector": pa.repeat(pa.scalar("signatures"), flows.num_rows),
            "bundle": pa.repeat(pa.scalar(self.name), flows.num_rows),
            "alarm": pa.repeat(pa.scalar(False), flows.num_rows),
            "reasons": pa.array([[]], pa.list_(pa.string())).take(pa.repeat(pa.scalar(0), flows.num_rows)),
        }
        return verdict_batch({**columns, **told}, flows.num_rows)

    def _told(self, columns: Columns, hits: list[tuple[int, npt.NDArray[np.intp]]]) -> tuple[pa.Array, pa.Array]:
        """Return the names of the rules and the reasons of each row, the gravest first; null and empty without."""
        rows = np.concatenate([own for _, own in hits])
        which = np.concatenate([np.full(len(own), at) for at, own in hits])
        texts = pa.concat_arrays([self._running[at][0].reasons(columns, own) for at, own in hits])
        order = np.lexsort((-which, rows))
        counts = np.bincount(rows, minlength=columns.rows)
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        # In Arrow a list is null where its first offset is.
        absent = np.append(counts == 0, np.False_)
        names = pa.ListArray.from_arrays(pa.array(ends, mask=absent), self._names.take(pa.array(which[order])))
        return names, pa.ListArray.from_arrays(pa.array(ends), texts.take(pa.array(order)))
