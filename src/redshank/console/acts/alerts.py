"""What a person makes of alerts: judged, commented, called false; each with their name.

In: who, which alerts, what and why. Out: what was done, in numbers. The one idea: pages and programs call the same
functions, and every one of them leaves an entry in the audit. To call an alert false says that its flows are benign:
of a few whose features the store has, because they were questions or the service kept them, that is also a label, which
models learn from; where it has none, it is none, and whoever asks is told how many. To call many false together says
the same of each. What the policy did because of it is taken back (`pipeline/taking_back.py`), at once and here: a
service need not run.
"""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from redshank.active.answer import Session, withdraw
from redshank.console.desk import Desk
from redshank.console.facts.alert import all_to_label
from redshank.console.facts.responses import unsupported
from redshank.console.people import Person
from redshank.console.query import Query
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError, ConfigError
from redshank.core.schema import BENIGN
from redshank.pipeline.allowing import Given, give
from redshank.pipeline.taking_back import FALSE_ALARM, UNSETTLED, take_back
from redshank.store.alerts import STATES
from redshank.store.comments import Comment, Comments

ORIGIN = "console"
MOST_AT_ONCE = 10_000
"""Alerts that one decision is about."""
MOST_MARKED = 500
MOST_LABELS = 500
"""Labels that one decision about several alerts gives."""
MOST_WORDS = 1_000
"""Characters of a reason."""


@dataclass(frozen=True)
class Outcome:
    """What became of a decision.

    Args:
        alerts: How many alerts it is about.
        labels: How many labels were given, or withdrawn.
        closed: How many other open alerts an allowance closed.
        allowance: The allowance that was given, if one was.
        left: How many were left alone, because somebody decided about them meanwhile, or they are gone.
        taken_back: How many actions were taken back because of the decision, or of the allowance.
        kept: How many actions that answered these alerts stay, because other alerts of their devices are unsettled.
    """

    alerts: int
    labels: int = 0
    closed: int = 0
    allowance: Allowance | None = None
    left: int = 0
    taken_back: int = 0
    kept: int = 0


def judge(
    desk: Desk,
    who: Person,
    ids: Sequence[str],
    state: str,
    why: str = "",
    seen_at_s: float | None = None,
    *,
    label: bool = False,
) -> Outcome:
    """Write down what somebody makes of alerts.

    Args:
        desk: The store.
        who: Who decides.
        ids: The alerts, MOST_MARKED at most.
        state: One of STATES. Alerts that are opened again lose the labels that this person gave as they called them
            false.
        why: In words.
        seen_at_s: When they looked at these alerts: what somebody decided since is left alone.
        label: Whether flows of alerts that are called false get the label benign: of each those that `call_false`
            labels, no two of all alike to a model, MOST_LABELS at most.

    Raises:
        ConfigError: If there are no alerts, too many, or the state is none.
        ActionError: If the ledger cannot be written; the alerts are decided on by then.
    """
    if not ids:
        raise ConfigError("alerts: none is marked; mark some")
    if len(ids) > MOST_MARKED:
        raise ConfigError(f"alerts: {len(ids)} are marked; at most {MOST_MARKED} at once")
    _check(state, why)
    return _judged(desk, who, ids, state, why, seen_at_s, label=label)


def judge_all(
    desk: Desk,
    who: Person,
    query: Query,
    arrival: int,
    state: str,
    why: str = "",
    seen_at_s: float | None = None,
    *,
    label: bool = False,
) -> Outcome:
    """Write down what somebody makes of all alerts that a query finds.

    Args:
        desk: The store.
        who: Who decides.
        query: Finds them.
        arrival: What had arrived when this person was told how many they are: what came or grew since is left alone.
        state: One of STATES.
        why: In words.
        seen_at_s: As of `judge`.
        label: As of `judge`.

    Raises:
        ConfigError: If there are none, or more than MOST_AT_ONCE.
        ActionError: As of `judge`.
    """
    _check(state, why)
    ids = desk.alerts.ids(replace(query.search, arrived_until=arrival), MOST_AT_ONCE + 1)
    if not ids:
        raise ConfigError("alerts: none fits this query any more; look at the list again")
    if len(ids) > MOST_AT_ONCE:
        raise ConfigError(f"alerts: more than {MOST_AT_ONCE:,} fit; look for fewer, for example with since:7d")
    return _judged(desk, who, ids, state, why, seen_at_s, label=label)


def call_false(
    desk: Desk,
    who: Person,
    name: str,
    why: str,
    *,
    label: bool = False,
    allowance: Allowance | None = None,
    seen_at_s: float | None = None,
) -> Outcome:
    """Say that an alert was a false alarm.

    Args:
        desk: The store.
        who: Who says so.
        name: The alert.
        why: In words.
        label: Whether flows of its evidence get the label benign, those that `facts.alert.to_label` finds.
        allowance: What is not to raise an alarm from now on.
        seen_at_s: As of `judge`.

    Raises:
        ConfigError: If there is no such alert.
        ActionError: If somebody decided about it meanwhile; then nothing is done. If the ledger cannot be written; all
            else is done by then.
    """
    _check(FALSE_ALARM, why)
    if not desk.alerts.judge([name], FALSE_ALARM, who.name, desk.now_s(), why, seen_at_s=seen_at_s):
        raise overtaken(desk, name)
    labels = _label(desk, who, [name]) if label else 0
    given = give(desk.database, allowance, desk.now_s(), ledger=desk.book.writing) if allowance else Given(0, 0)
    taken_back, kept = _take_back(desk, [name])
    return Outcome(1, labels, given.closed, allowance, taken_back=given.taken_back + taken_back, kept=kept)


def overtaken(desk: Desk, name: str) -> ActionError | ConfigError:
    """Return why nothing was done to an alert that somebody looked at a while ago."""
    filed = desk.alerts.get(name)
    if filed is None:
        return ConfigError(f"alert: none is '{name[:40]}'")
    now = filed.state.replace("_", " ")
    return ActionError(f"alert: '{name[:40]}' is {now} since {filed.state_by} decided so meanwhile; look at it again")


def comment(desk: Desk, who: Person, name: str, text: str) -> Comment:
    """Write a comment about an alert.

    Raises:
        ConfigError: If it is empty or too long, or there is no such alert.
    """
    return Comments(desk.database).write(name, who.name, text, desk.now_s())


def rests_on(name: str) -> str:
    """Return what a label says that it rests on, if it was given by calling an alert false."""
    return f"alert {name}"


def _judged(
    desk: Desk, who: Person, ids: Sequence[str], state: str, why: str, seen_at_s: float | None, *, label: bool
) -> Outcome:
    done = desk.alerts.judge(ids, state, who.name, desk.now_s(), why, seen_at_s=seen_at_s)
    labels = 0
    if state == "open":
        labels = _unlabel(desk, who, ids)
    elif label and state == FALSE_ALARM:
        labels = _label(desk, who, done)
    taken_back, kept = (0, 0) if state in UNSETTLED else _take_back(desk, done)
    return Outcome(len(done), labels, left=len(set(ids)) - len(done), taken_back=taken_back, kept=kept)


def _take_back(desk: Desk, names: Collection[str]) -> tuple[int, int]:
    """Take back what nothing supports once alerts are settled; return how much, and how much of theirs stays."""
    found = unsupported(desk)
    try:
        with desk.book.writing() if found.gone else nullcontext() as ledger:
            done = take_back(desk.database, ledger, found, desk.now_s()) if ledger else []
    except ActionError as error:
        raise ActionError(
            f"alerts: {len(names)} decided on, but what was done because of them is not taken back: {error}"
        ) from None
    alerts = set(names)
    return len(done), sum(entry.action.alert in alerts for entry in found.kept)


def _check(state: str, why: str) -> None:
    if state not in STATES:
        raise ConfigError(f"state: '{state[:40]}' is none; allowed are {', '.join(STATES)}")
    if len(why) > MOST_WORDS:
        raise ConfigError(f"why: {len(why)} characters; at most {MOST_WORDS}")


def _label(desk: Desk, who: Person, names: Sequence[str]) -> int:
    """Label the flows of alerts' evidence whose features are known; return how many labels are new."""
    now_s = desk.now_s()
    found = all_to_label(desk, names, MOST_LABELS)
    desk.queue.add(question for question, _ in found)
    words = desk.queue.words([question.id for question, _ in found], now_s)
    session = Session(desk.queue, who.name, ORIGIN, desk.now_s)
    labels = [
        session.label(question, BENIGN, rests_on(name), now_s, word)
        for question, name in found
        if (word := words[question.id].get(who.name)) is None or word.family != BENIGN
    ]
    return desk.queue.tell(labels) if labels else 0


def _unlabel(desk: Desk, who: Person, ids: Sequence[str]) -> int:
    """Withdraw what this person's labels say because of these alerts; return how many they were."""
    why = {rests_on(name) for name in ids}
    mine = [one.id for one in desk.queue.labels() if one.annotator == who.name and one.evidence in why]
    if not mine:
        return 0
    return len(withdraw(desk.queue, mine, who.name, desk.now_s(), ORIGIN, evidence="the alert was opened again"))
