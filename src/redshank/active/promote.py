"""The gate: a champion is replaced only by what is shown to be better, and raises no more false alarms.

In: two scorers and frozen parts that nobody trained on (later in time, other devices, whatever they are called), the
past labels of analysts ("regression") and rows that must stay detected ("canaries"). Out: a `Decision` with figures and
reasons. The challenger is promoted if all of this holds, else the champion is kept:

1. Metric: over all measured parts the challenger's is higher, and the lower end of the one-sided paired bootstrap
   interval of the difference lies above 0. Fewer rows that only one has right than a sign test needs are no proof. On
   no measured part alone is a fall shown (upper end below 0).
2. False alarms: the false-alarm rate rises by no more than `tolerance`, and no rise is shown: the lower end of the
   paired interval of its difference is not above 0.
3. Regression: among past labels, of all and of each family, what is newly wrong does not outnumber what is newly right
   beyond chance (exact sign test at the same level).
4. Canaries: every canary that the champion detects the challenger detects too.

What is drawn for the intervals are rows, or whole groups where a part has groups; see `paired.py`.
Source: exact sign test of paired answers, McNemar, Psychometrika 1947.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
from scipy import stats

from redshank.active.caps import Rows
from redshank.active.decision import ALL, Decision, Gate, Paired
from redshank.active.paired import FPR, METRICS, RANKED, Pair, Said
from redshank.active.query import Scorer
from redshank.core.errors import ActionError
from redshank.data.parts import OTHER_FAMILY, Part
from redshank.data.split import shared_rows
from redshank.learn.model import Floats

REGRESSION, CANARIES = "regression", "canaries"
SAID = tuple(field.name for field in fields(Said))
POWER = 0.9
"""Share of the cases in which a gain worth seeing is to be seen, where the rows needed are told."""


def unseen(part: Part, trained_on: Floats) -> Part:
    """Return the rows of a part whose vectors nobody trained on.

    Shape:
        trained_on: [m, c] float32, c columns as the part has.
    """
    fresh = np.ones(len(part), np.bool_)
    fresh[shared_rows(trained_on, part.x)] = False
    return part.take(np.flatnonzero(fresh).astype(np.int64))


def decide(
    champion: Scorer,
    challenger: Scorer,
    frozen: Mapping[str, Part],
    *,
    classes: Sequence[str],
    gate: Gate | None = None,
    trained_on: Floats | None = None,
    groups: Mapping[str, Rows] | None = None,
    alarm_at: tuple[float, float] | None = None,
    seed: int = 0,
) -> Decision:
    """Decide whether a challenger replaces the champion.

    Args:
        champion: Scores now.
        challenger: May replace it; it scores the same classes.
        frozen: Parts by name: "regression" and "canaries" as said above, any other is measured.
        classes: Class names; benign is the first.
        gate: What is asked of the challenger.
        trained_on: Every row that either was trained on; a measured row or canary among them is refused. Past labels
            are trained on by their nature.
        groups: By part: the group of each row, where rows of one group are no independent witnesses.
        alarm_at: The attack scores from which on champion and challenger raise an alarm; if absent, they do where
            benign is not the likeliest class.
        seed: Of the resampling.

    Raises:
        ActionError: If someone trained on frozen rows.
        ValueError: If a scorer gives no number.
    """
    gate = gate or Gate()
    for name, part in frozen.items():
        if name != REGRESSION and trained_on is not None:
            _refuse_seen(name, part, trained_on)
    said = _said(champion, challenger, frozen, alarm_at)
    names = [name for name in said if name not in (REGRESSION, CANARIES)]
    figures = _figures(names, frozen, said, groups or {}, len(classes), (gate.metric, FPR), gate, seed)
    regression = _regression(frozen[REGRESSION], said[REGRESSION], classes) if REGRESSION in said else {}
    canaries = (0, 0)
    if CANARIES in said:
        old, new = (one.alarm for one in said[CANARIES])
        canaries = (int(old.sum()), int((old & ~new).sum()))
    needed = _rows_needed(figures, gate)
    against = [
        *_too_few([frozen[name] for name in names], gate, needed),
        *(_metric_against(figures, gate, needed) or _too_close(names, frozen, said, gate)),
        *_alarms_against(figures, gate),
        *_regression_against(regression, gate),
    ]
    if canaries[1]:
        against.append(f"{canaries[1]} of {canaries[0]:,} canaries are no longer detected; none may be lost")
    reasons = against or _for(figures, gate, regression, canaries)
    return Decision(not against, tuple(reasons), gate, figures, regression, canaries, needed, seed)


def compare(
    champion: Scorer,
    challenger: Scorer,
    frozen: Mapping[str, Part],
    *,
    classes: Sequence[str],
    gate: Gate | None = None,
    groups: Mapping[str, Rows] | None = None,
    alarm_at: tuple[float, float] | None = None,
    seed: int = 0,
) -> tuple[Paired, ...]:
    """Measure two models on the same rows by every metric; for the arguments see `decide`.

    Returns:
        For all parts together, then for each, every metric and the false-alarm rate.
    """
    said = _said(champion, challenger, frozen, alarm_at)
    figures = (*METRICS, FPR)
    return _figures(list(said), frozen, said, groups or {}, len(classes), figures, gate or Gate(), seed)


Both = tuple[Said, Said]


def _said(
    champion: Scorer, challenger: Scorer, frozen: Mapping[str, Part], alarm_at: tuple[float, float] | None
) -> dict[str, Both]:
    old, new = alarm_at or (None, None)
    return {
        name: (Said.of(champion(part.x), old), Said.of(challenger(part.x), new))
        for name, part in frozen.items()
        if len(part)
    }


def _figures(
    names: Sequence[str],
    frozen: Mapping[str, Part],
    said: Mapping[str, Both],
    groups: Mapping[str, Rows],
    classes: int,
    figures: Sequence[str],
    gate: Gate,
    seed: int,
) -> tuple[Paired, ...]:
    """Measure parts together, and each by itself if there are several."""
    found = []
    sets = {ALL: names, **({name: [name] for name in names} if len(names) > 1 else {})} if names else {}
    for which, several in sets.items():
        pair, rows = _pair(several, frozen, said, groups, classes)
        for figure in figures:
            drawn = pair.differences(figure, gate.resamples, seed)
            low = high = spread = None
            if len(drawn):
                low, high = np.quantile(drawn, [1 - gate.level, gate.level]).tolist()
                spread = float(np.std(drawn))
            found.append(Paired(which, figure, rows, *pair.values(figure), low, high, spread))
    return tuple(found)


def _refuse_seen(name: str, part: Part, trained_on: Floats) -> None:
    seen = shared_rows(trained_on, part.x)
    if len(seen):
        raise ActionError(
            f"frozen part '{name}': a model was trained on {len(seen):,} of its {len(part):,} vectors (first: row "
            f"{seen[0]}); leave them out, figures on them would be too good"
        )


def _pair(
    names: Sequence[str],
    frozen: Mapping[str, Part],
    said: Mapping[str, Both],
    groups: Mapping[str, Rows],
    classes: int,
) -> tuple[Pair, int]:
    """Put parts one behind the other; each is resampled by itself."""
    old, new = (
        Said(*(np.concatenate([getattr(said[name][which], what) for name in names]) for what in SAID))
        for which in (0, 1)
    )
    sizes = [len(frozen[name]) for name in names]
    stratum = np.repeat(np.arange(len(names)), sizes)
    group = None
    if any(name in groups for name in names):
        # Rows of a part without groups are each a group of their own.
        each = [groups.get(name, np.arange(size)) for name, size in zip(names, sizes, strict=True)]
        group = np.unique(np.stack([stratum, np.concatenate(each)]), axis=1, return_inverse=True)[1]
    y = np.concatenate([frozen[name].y for name in names])
    return Pair(y, old, new, classes, stratum=stratum, group=group), len(y)


def _rows_needed(figures: Sequence[Paired], gate: Gate) -> int | None:
    """Return how many rows would show a gain worth seeing, if more rows are like these."""
    if not figures or not figures[0].spread:
        return None
    reach = float(stats.norm.ppf(gate.level) + stats.norm.ppf(POWER)) * figures[0].spread
    return math.ceil(figures[0].rows * (reach / gate.worth) ** 2)


def _regression(part: Part, said: Both, classes: Sequence[str]) -> dict[str, tuple[int, int]]:
    known = part.y != OTHER_FAMILY
    old, new = ((one.predicted == part.y) & known for one in said)
    kinds = {ALL: known, **{name: part.y == at for at, name in enumerate(classes)}}
    return {
        name: (int((old & ~new & mine).sum()), int((new & ~old & mine).sum()))
        for name, mine in kinds.items()
        if mine.any()
    }


def _too_few(parts: Sequence[Part], gate: Gate, needed: int | None) -> list[str]:
    rows, benign = (
        sum(counts) for counts in zip((0, 0), *((len(p), int((p.y == 0).sum())) for p in parts), strict=True)
    )
    found = []
    if rows < gate.fewest:
        more = f", about {needed:,} to see a gain of {_points(gate.worth)} in 9 of 10 cases" if needed else ""
        found.append(f"{rows:,} frozen rows are too few; at least {gate.fewest:,} are needed{more}")
    if benign < gate.fewest // 4:
        fewest = gate.fewest // 4
        found.append(f"{benign:,} benign frozen rows are too few to judge false alarms; {fewest:,} are needed")
    return found


def _too_close(names: Sequence[str], frozen: Mapping[str, Part], said: Mapping[str, Both], gate: Gate) -> list[str]:
    """Refuse a gain that a sign test could not show even if all rows spoke for it: a bootstrap of so few is no help."""
    right = [[one.predicted == frozen[name].y for one in said[name]] for name in names]
    apart, least = sum(int((old ^ new).sum()) for old, new in right), math.ceil(math.log(1 - gate.level, 0.5))
    if gate.metric in RANKED or apart >= least:
        return []
    return [f"only {apart} rows are right of one and wrong of the other; {least} are the fewest that tell"]


def _metric_against(figures: Sequence[Paired], gate: Gate, needed: int | None) -> list[str]:
    found = []
    for one in figures:
        if one.figure != gate.metric:
            continue
        if one.difference is None or one.low is None or one.high is None:
            found += [f"{gate.metric} cannot be known on {_where(one)}"] if one.part == ALL else []
        elif one.part == ALL and not (one.difference > 0 and one.low > 0):
            more = ""
            if one.difference > 0 and needed is not None and needed > one.rows:
                more = f"; about {needed:,} rows would show a gain of {_points(gate.worth)} in 9 of 10 cases"
            least = f"at level {gate.level:g} it is at least {_signed(one.low)}"
            found.append(f"{_change(one)}; {least}, not above 0{more}")
        elif one.part != ALL and one.high < 0:
            found.append(f"{_change(one)}; at level {gate.level:g} that is a fall, at most {_signed(one.high)}")
    return found


def _alarms_against(figures: Sequence[Paired], gate: Gate) -> list[str]:
    found = []
    for one in figures:
        if one.figure != FPR or one.part != ALL:
            continue
        if one.difference is None or one.low is None:
            found.append("false alarms cannot be known: no frozen row is benign")
        elif one.difference > gate.tolerance:
            found.append(f"{_change(one)}; it may rise by {_points(gate.tolerance)}")
        elif one.low > 0:
            found.append(f"{_change(one)}; at level {gate.level:g} it rises by at least {_points(one.low)}")
    return found


def _regression_against(regression: Mapping[str, tuple[int, int]], gate: Gate) -> list[str]:
    return [
        f"past labels ({name}): {wrong} newly wrong, {right} newly right, more than chance"
        for name, (wrong, right) in regression.items()
        if wrong > right and stats.binom.sf(wrong - 1, wrong + right, 0.5) <= 1 - gate.level
    ]


def _for(
    figures: Sequence[Paired], gate: Gate, regression: Mapping[str, tuple[int, int]], canaries: tuple[int, int]
) -> list[str]:
    found = []
    for one in figures:
        if one.part == ALL and one.low is not None and one.high is not None:
            least = f"at least {_signed(one.low)}" if one.figure == gate.metric else f"at most {_signed(one.high)}"
            found.append(f"{_change(one)}; at level {gate.level:g} it is {least}")
    if ALL in regression:
        wrong, right = regression[ALL]
        found.append(f"past labels: {wrong} newly wrong, {right} newly right")
    if canaries[0]:
        found.append(f"all {canaries[0]:,} canaries stay detected")
    return found


def _where(one: Paired) -> str:
    return f"{one.rows:,} " + ("frozen rows" if one.part == ALL else f"rows of '{one.part}'")


def _change(one: Paired) -> str:
    assert one.difference is not None
    return f"{one.figure} {one.champion:.4f} -> {one.challenger:.4f} on {_where(one)}: {_signed(one.difference)}"


def _signed(value: float) -> str:
    return f"{100 * value:+.2f} points"


def _points(value: float) -> str:
    return f"{100 * value:g} points" if value != 0.01 else "1 point"
