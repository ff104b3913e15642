"""How measures are written, and what they mean in plain words.

In: numbers, and the records of a comparison. Out: short text. A measure that is not quite 1 is never written as 1, and
what is not known is a dash.
"""

from redshank.learn import spelling
from redshank.learn.compare import OVER_SEEDS, Comparison, Figure, ModelResult
from redshank.learn.evaluation import ARGMAX, Decision

UNKNOWN, share, percent = spelling.UNKNOWN, spelling.share, spelling.percent
RULE = "0.01"
"""The false-alarm rate that a headline is stated at."""

NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "mcc": "MCC",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "fpr_at_recall_0.99": "false-alarm rate at recall 0.99",
    "recall": "recall",
    "fpr": "false-alarm rate",
    "ece": "calibration error",
    "brier": "Brier score",
}


def interval(figure: Figure) -> str:
    """Write the interval of a figure, or nothing where there is none."""
    return "" if figure.low is None or figure.high is None else span(share(figure.low), share(figure.high))


def span(low: str, high: str) -> str:
    """Write a range.

    Example:
        >>> span("0.1", "0.2") == "0.1\N{EN DASH}0.2"
        True
    """
    return f"{low}\N{EN DASH}{high}"


def spelled(figure: Figure) -> str:
    """Write a figure with its interval on one line.

    Example:
        >>> spelled(Figure(0.5))
        '0.500'
    """
    reach = interval(figure)
    return f"{share(figure.mean)} ({reach})" if reach else share(figure.mean)


def measure(name: str) -> str:
    """Return what a person calls a headline measure.

    Example:
        >>> measure("recall_at_0.01"), measure("macro_f1"), measure("fpr by pair")
        ('recall at 1 % false alarms', 'macro-F1', 'false-alarm rate by pair')
    """
    plain, at, rate = name.partition("_at_")
    first, of, rest = plain.partition(" ")
    words = f"{NAMES.get(first, first)}{of}{rest}"
    return f"{words} at {percent(float(rate))} false alarms" if at else words


HEADS = {
    "fpr": "false alarms",
    "ece": "calibration error",
    "as shipped": "shipped",
    "refitted and recalibrated": "refitted",
}
"""What stands shorter above a column than in a sentence."""


def heading(column: str) -> str:
    """Return what stands above a column of a wide table; shorter than `measure`.

    Example:
        >>> heading("fpr_at_0.01"), heading("fpr refitted and recalibrated"), heading("macro_f1")
        ('false alarms, 1 % threshold', 'false alarms refitted', 'macro-F1')
    """
    plain, at, rate = column.partition("_at_")
    first, of, rest = plain.partition(" ")
    name = first.removesuffix(",")
    words = f"{HEADS.get(name, NAMES.get(name, name))}{first[len(name) :]}{of}{HEADS.get(rest, rest)}"
    return f"{words}, {percent(float(rate))} threshold" if at else words


def rule(decision: Decision) -> str:
    """Return how a decision is made, in words."""
    return (
        "likeliest class" if decision.rule == ARGMAX else f"threshold for {percent(float(decision.rule))} false alarms"
    )


def rarity(base_rate: str) -> str:
    """Return the head of a column of alarms that are right at a base rate.

    Example:
        >>> rarity("0.001")
        'alarms right if 1 flow in 1,000 is an attack'
    """
    return f"alarms right if 1 flow in {1 / float(base_rate):,.0f} is an attack"


def per_day(value: float | None) -> str:
    """Write a number of alerts per day.

    Example:
        >>> per_day(752.3), per_day(0.4), per_day(0.0), per_day(None)
        ('752', '0.4', '0', '-')
    """
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1g}"


def sentences(comparison: Comparison) -> list[str]:
    """Say in a few sentences what the first model's figures mean, beside the others'."""
    lead = comparison.models[0]
    said = []
    chosen = lead.evaluations[0].vector.decision(RULE)
    if chosen is not None and chosen.threshold is not None and chosen.recall is not None and chosen.fpr is not None:
        said.append(_at_threshold(lead, chosen, lead.evaluations[0].flows_per_s))
    elif chosen is not None:
        said.append(
            f"At {percent(float(RULE))} false alarms nothing can be said: {chosen.note or 'a side has no rows'}."
        )
    said += [_beside(lead, other) for other in comparison.models[1:] if other.name != "constant"]
    constant = next((model for model in comparison.models if model.name == "constant"), None)
    if constant is not None:
        said.append(
            f"The row “constant” looks at nothing and answers with class frequencies: its accuracy of "
            f"{share(constant.headline['accuracy'].mean)} and PR-AUC of {share(constant.headline['pr_auc'].mean)} are "
            "what this test gives away for free."
        )
    if comparison.protocol == "paper":
        said.append(
            "Protocol “paper” keeps addresses and ports and splits copies of one flow over training and test, as the "
            "published studies did. It is here to be compared with them; it says little about another network."
        )
    return said


def interval_note(comparison: Comparison) -> str:
    """Say what the intervals are over."""
    if comparison.interval == OVER_SEEDS:
        return (
            f"Mean and 95 % interval (Student's t) over {len(comparison.seeds)} seeds; each seed splits the data anew "
            "and starts the model anew. Details below are the first seed's."
        )
    return (
        "One seed; 95 % intervals are bootstrap intervals over test rows and do not show how much another seed differs."
    )


def _at_threshold(lead: ModelResult, chosen: Decision, flows_per_s: float) -> str:
    rare = "0.001"
    reach = ""
    if chosen.fpr_low is not None and chosen.fpr_high is not None:
        reach = f" (95 % interval {percent(chosen.fpr_low)} to {percent(chosen.fpr_high)})"
    flows = "one flow" if flows_per_s == 1 else f"{flows_per_s:g} flows"
    text = (
        f"With its threshold set for {percent(float(chosen.rule))} false alarms, {lead.name} catches "
        f"{percent(chosen.recall)} of the attack flows and raises an alarm on {percent(chosen.fpr)} of the benign "
        f"ones{reach}: about {per_day(chosen.alerts_per_day)} false alarms a day at {flows} per second, before flows "
        "are grouped into alerts."
    )
    precision = chosen.bayes_precision.get(rare)
    if precision is not None:
        text += f" Where one flow in a thousand is an attack, {percent(precision)} of its alarms are right."
    return text


def _beside(lead: ModelResult, other: ModelResult) -> str:
    mine, theirs = lead.headline["macro_f1"], other.headline["macro_f1"]
    text = f"Macro-F1 is {spelled(mine)} for {lead.name} and {spelled(theirs)} for {other.name}"
    known = [v for v in (mine.mean, mine.low, mine.high, theirs.mean, theirs.low, theirs.high) if v is not None]
    if len(known) < 6:
        return f"{text}."
    _, low, high, _, their_low, their_high = known
    if low > their_high:
        return f"{text}: {lead.name} is better."
    if high < their_low:
        return f"{text}: {other.name} is better."
    return f"{text}: the intervals overlap, so this test does not tell which is better."
