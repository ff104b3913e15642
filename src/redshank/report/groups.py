"""False alarms by pair of devices, for the terminal and for the page.

In: `GroupFigures`. Out: sections for `report/summary.py`, a chapter for `report/page.py`. The one idea: an average
hides that one pair of devices makes most of the false alarms, and that is what a site can do something about.
"""

from redshank.learn.evaluation import ARGMAX
from redshank.learn.per_group import GroupFigures, OneGroup
from redshank.report import wording
from redshank.report.page import Cell, Chapter, table
from redshank.report.summary import Row, Section

LINES = 8
"""Groups in a table for a person; the JSON has more."""
WORDS = {"host_pair": "pair of devices", "source": "source device", "capture": "capture"}


def sections(groups: GroupFigures, *, as_json: bool) -> list[Section]:
    """Return what a command ends with."""
    if as_json:
        figures: Row = {
            "by": groups.by,
            "groups": groups.groups,
            "benign_groups": groups.benign_groups,
            **groups.figures,
            **{f"{name}_{end}": pair and pair[at] for name, pair in groups.intervals.items() for at, end in _ENDS},
        }
        listed: list[Row] = [{"name": one.name, "benign": one.benign, **one.false_alarms} for one in groups.shown]
        return [Section("Groups", figures), Section("Groups with most false alarms", listed)]
    lines: list[Row] = [
        {
            "decided by": _decided(rule),
            "all": wording.percent(groups.figures[f"fpr{at}"]),
            "mean over groups": wording.percent(groups.figures[f"group_fpr{at}"]),
            "95 % interval": _interval(groups, f"group_fpr{at}") or None,
            "of one group": wording.percent(groups.figures[f"worst_share{at}"]),
        }
        for rule, at in _rules(groups)
    ]
    loudest: list[Row] = [dict(zip(_HEAD, _line(one, groups), strict=True)) for one in groups.shown[:LINES]]
    return [Section(f"False alarms by {word(groups)}", lines), Section(f"Most false alarms by {word(groups)}", loudest)]


def chapter(groups: GroupFigures) -> Chapter:
    """Return the page's chapter."""
    text = (
        f"{groups.groups:,} groups by {word(groups)} are tested, {groups.benign_groups:,} of them with benign flows. "
        "A flow's vector counts once in each group that has it. The mean over groups asks how a "
        f"{word(groups)} fares, the rate of all flows is that of whoever talks most."
    )
    if groups.intervals:
        text += (
            " Intervals draw whole groups (bootstrap, stratified by class): flows of one device are not independent."
        )
    rates: list[list[str | Cell]] = [
        [
            _decided(rule),
            *(
                Cell(wording.percent(groups.figures[f"{name}{at}"]), _interval(groups, f"{name}{at}"))
                for name in ("fpr", "group_fpr", "worst_share", "recall")
            ),
        ]
        for rule, at in _rules(groups)
    ]
    head = ["decided by", "false-alarm rate", "mean over groups", "false alarms of one group", "attacks caught"]
    lines: list[list[str | Cell]] = [list(_line(one, groups)) for one in groups.shown[: 2 * LINES]]
    return Chapter(f"By {word(groups)}", [text, table(head, rates), table(list(_HEAD), lines)])


def word(groups: GroupFigures) -> str:
    """Return what a person calls the groups."""
    return WORDS.get(groups.by, groups.by)


_ENDS = ((0, "low"), (1, "high"))
_HEAD = ("group", "benign", "attacks", "false alarms", "of its benign", "of all false alarms")


def _rules(groups: GroupFigures) -> list[tuple[str, str]]:
    rules = list(groups.shown[0].false_alarms) if groups.shown else []
    return [(rule, "" if rule == ARGMAX else f"_at_{rule}") for rule in rules]


def _decided(rule: str) -> str:
    return "likeliest class" if rule == ARGMAX else f"threshold for {wording.percent(float(rule))}"


def _interval(groups: GroupFigures, name: str) -> str:
    pair = groups.intervals.get(name)
    return "" if pair is None else wording.span(wording.percent(pair[0]), wording.percent(pair[1]))


def _line(one: OneGroup, groups: GroupFigures) -> tuple[str, ...]:
    rule, at = _rules(groups)[0]
    alarms = one.false_alarms[rule]
    everyone = (groups.figures[f"fpr{at}"] or 0.0) * groups.benign
    return (
        one.name,
        f"{one.benign:,}",
        f"{one.attacks:,}",
        f"{alarms:,}",
        wording.percent(one.fpr(rule)),
        wording.percent(alarms / everyone if everyone else None),
    )
