"""One alert with all that helps to judge it.

In: its id. Out: `Case`. The one idea: everything is read at once and is what the store says now; nothing is guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redshank.alerts.techniques import NAMES
from redshank.console.desk import Desk
from redshank.console.facts.allowances import Suggestion, suggestions
from redshank.console.facts.benign import ranges, usual
from redshank.console.facts.likeness import Like, endings, likest
from redshank.console.facts.reasons import Reason, about, reason, says_nothing
from redshank.console.facts.responses import Book, unsupported
from redshank.console.facts.rules import Ruled
from redshank.console.facts.story import Event, deed, events, how_sure
from redshank.core.allowance import Allowance
from redshank.core.records import Evidence
from redshank.flows.claims import ARP
from redshank.pipeline.allowing import ALLOWED_BY
from redshank.pipeline.taking_back import FALSE_ALARM, is_because
from redshank.report.alert_figures import Beside, Dot, beside_benign, flows_over_time
from redshank.report.page import Html
from redshank.respond.states import OPEN
from redshank.respond.states import Entry as Done
from redshank.respond.target import canonical
from redshank.site import CLASSIFIER
from redshank.store.alerts import Filed
from redshank.store.comments import Comments
from redshank.store.examples import MOST
from redshank.store.question import Question, same_flow
from redshank.store.search import Search

HISTORY = 12
"""Other alerts of the device that are shown."""
MOST_AUDITED = 200
AT_ONCE = 100
"""Alerts whose flows are looked up by one statement."""


@dataclass(frozen=True)
class Case:
    """An alert and what is known around it.

    Args:
        filed: The alert as the store has it.
        deed: What was done to whom, in words.
        sure: How sure whom is, in words.
        evidence: Flows that are kept.
        questions: Of these flows, by uid, those that are questions: what is said of them can be learnt from.
        labelled: Uids of those that get a label if the alert is called false.
        events: What happened to it.
        history: Other alerts of the device, those seen last first.
        families: How many alerts there are of the device by family.
        reasons: What carried it.
        rules: The rules that it hit and that are still there, by name.
        techniques: ATT&CK ids of it and of those rules, each once, with their names where known.
        like: Judged alerts that are like it.
        ended: How often those ended how.
        actions: What was done against the device, or because of the alert, the newest first.
        kept: Those of them that the policy proposed because of the alert and that are not over, if it is called false.
        allowed: The allowance that closed it, if one did.
        flows: Picture of the evidence over time.
        beside: Picture of its values beside benign traffic, if any is a number.
    """

    filed: Filed
    deed: str
    sure: str
    evidence: Sequence[Evidence]
    questions: dict[str, Question]
    labelled: frozenset[str]
    events: Sequence[Event]
    history: Sequence[Filed]
    families: dict[str, int]
    reasons: Sequence[Reason]
    rules: dict[str, Ruled]
    techniques: Sequence[tuple[str, str]]
    like: Sequence[Like]
    ended: Sequence[tuple[str, int]]
    actions: Sequence[Done]
    kept: Sequence[Done]
    allowed: Allowance | None
    flows: Html
    beside: Html | None


def case(desk: Desk, book: Book, name: str) -> Case | None:
    """Return an alert and what is known around it; None if there is no such alert.

    Args:
        desk: The store.
        book: The ledger; of one that does not hold no action is shown, and the responses' page says why.
        name: The alert.
    """
    filed = desk.alerts.get(name)
    if filed is None:
        return None
    alert = filed.alert
    evidence = desk.alerts.evidence(name)
    questions = asked(desk, evidence)
    revisions = desk.alerts.revisions(name)
    actions = _actions(book, filed)
    others = [one for one in desk.alerts.find(Search(devices=(alert.device,)), HISTORY + 1) if one.alert.id != name]
    like = likest(desk, alert)
    reasons, rules = read_reasons(desk, filed), _rules(desk, filed)
    return Case(
        filed=filed,
        deed=deed(alert),
        sure=how_sure(alert),
        evidence=evidence,
        questions=questions,
        labelled=frozenset(one.uid for one in to_label(desk, name, questions.values())),
        events=events(
            revisions,
            desk.audit.entries(MOST_AUDITED, about=name),
            Comments(desk.database).about(name),
            [one for one in actions if one.action.alert == name],
        ),
        history=others[:HISTORY],
        families=desk.alerts.counts("family", Search(devices=(alert.device,))),
        reasons=reasons,
        rules=rules,
        techniques=named([*alert.techniques, *(one for rule in rules.values() for one in rule.rule.techniques)]),
        like=like,
        ended=endings(like),
        actions=actions,
        kept=[one for one in actions if filed.state == FALSE_ALARM and is_because(one, name) and one.state in OPEN],
        allowed=_allowed(desk, filed),
        flows=flows_over_time(
            [Dot(one.ts_s, one.score, f"{one.dst_ip}:{one.dst_port}, score {one.score:.2f}") for one in evidence],
            [(one.last_seen_s, f"told: {one.count} flows") for one in revisions],
            alert.first_seen_s,
            alert.last_seen_s,
        ),
        beside=_beside(reasons),
    )


def named(techniques: Iterable[str]) -> list[tuple[str, str]]:
    """Return ATT&CK ids, each once, with their names where known."""
    return [(one, NAMES.get(one, "")) for one in dict.fromkeys(techniques)]


def asked(desk: Desk, evidence: Sequence[Evidence]) -> dict[str, Question]:
    """Return the questions about flows of evidence, by uid: of the same flow, not only of the same name."""
    return _about(evidence, desk.queue.about([one.uid for one in evidence if one.uid]))


def to_label(desk: Desk, name: str, questions: Iterable[Question]) -> list[Question]:
    """Return the flows of an alert that get a label if it is called false: `MOST` at most, no two alike to a model.

    Questions that somebody was asked come first; the others are examples that the service kept of the alert, which the
    queue may not have yet.

    Args:
        desk: The store.
        name: The alert.
        questions: Those of its flows that are questions.
    """
    return _unlike([*questions, *desk.examples.of([name]).get(name, ())])[:MOST]


def all_to_label(desk: Desk, names: Sequence[str], most: int) -> list[tuple[Question, str]]:
    """Return what `to_label` finds of several alerts, each with its alert, no two of all alike to a model.

    Args:
        desk: The store.
        names: The alerts; those that come first have theirs first.
        most: How many flows at most.
    """
    found: dict[str, tuple[Question, str]] = {}
    for begin in range(0, len(names), AT_ONCE):
        some = names[begin : begin + AT_ONCE]
        evidence, kept = desk.alerts.evidence_of(some), desk.examples.of(some)
        about = desk.queue.about(list({flow.uid for flows in evidence.values() for flow in flows if flow.uid}))
        for name in some:
            questions = [*_about(evidence.get(name, ()), about).values(), *kept.get(name, ())]
            for question in _unlike(questions)[:MOST]:
                found.setdefault(question.id, (question, name))
        unlike = _unlike([question for question, _ in found.values()])
        found = {one.id: found[one.id] for one in unlike}
        if len(found) >= most:
            break
    return list(found.values())[:most]


def why_none(desk: Desk, evidence: Sequence[Evidence]) -> str:
    """Say why no flow of an alert can be labelled, where `to_label` finds none.

    Args:
        desk: The store, and the settings of the service.
        evidence: Flows of the alert that are kept.
    """
    if not evidence:
        return "the store has no flow of this alert"
    if all(flow.proto == ARP for flow in evidence):
        return "it rests on claims of addresses (ARP) alone, which are no flows: no model judges them"
    judging = desk.settings.detect.detectors
    if CLASSIFIER not in judging:
        return f"no classifier judges here, and detect.detectors names {', '.join(judging)} alone"
    return (
        "when the service told of it, it had its flows' features no more: more alarms came since than it remembers, "
        "the store was away, or a restart lay between; or a version told of it that kept none"
    )


@dataclass(frozen=True)
class Falsely:
    """What calling an alert false would do, and what could be allowed with it.

    Args:
        suggestions: Conditions under which it would not have been told, the narrowest first.
        evidence: Flows that are kept.
        labelled: Questions about those of them that get the label benign.
        why_none: Why none gets one, or "".
        taken_back: Actions that are taken back with it.
        kept: Actions that answered it and stay, because another alert of the device is unsettled.
    """

    suggestions: Sequence[Suggestion]
    evidence: Sequence[Evidence]
    labelled: Sequence[Question]
    why_none: str
    taken_back: Sequence[Done]
    kept: Sequence[Done]


def falsely(desk: Desk, filed: Filed) -> Falsely:
    """Return what calling an alert false would do."""
    name = filed.alert.id
    evidence = desk.alerts.evidence(name)
    labelled = to_label(desk, name, asked(desk, evidence).values())
    found = unsupported(desk, (name,))
    return Falsely(
        suggestions(filed.alert),
        evidence,
        labelled,
        "" if labelled else why_none(desk, evidence),
        [one.entry for one in found.gone],
        [one for one in found.kept if one.action.alert == name],
    )


def read_reasons(desk: Desk, filed: Filed) -> list[Reason]:
    """Return the reasons of an alert; of several about the same value the first, and none that says nothing."""
    alert = filed.alert
    known = {"anomaly": usual(desk.settings)}
    own = ranges(desk.settings, alert.bundle)
    found: dict[tuple[str, str], Reason] = {}
    for text in alert.reasons:
        one = reason(text, {})
        one = reason(text, known.get(one.detector, own))
        if not says_nothing(one):
            found.setdefault((one.detector, about(one)), one)
    return list(found.values())


def _rules(desk: Desk, filed: Filed) -> dict[str, Ruled]:
    if not filed.alert.rules:
        return {}
    known = {one.rule.name: one for one in desk.rulebook.book().rules}
    return {name: known[name] for name in filed.alert.rules if name in known}


def _about(evidence: Sequence[Evidence], questions: Iterable[Question]) -> dict[str, Question]:
    flows = {one.uid: one for one in evidence if one.uid}
    return {one.uid: one for one in questions if one.uid in flows and same_flow(one.flow, flows[one.uid])}


def _unlike(questions: Iterable[Question]) -> list[Question]:
    """Leave out what a model cannot tell from one before, and what is the same flow."""
    flows: set[str] = set()
    found: dict[tuple[str, bytes], Question] = {}
    for question in questions:
        if question.id not in flows and found.setdefault((question.fingerprint, question.x), question) is question:
            flows.add(question.id)
    return list(found.values())


def _actions(book: Book, filed: Filed) -> list[Done]:
    try:
        device = canonical(filed.alert.device)
    except ValueError:
        device = filed.alert.device
    state = book.state()
    entries = (*state.waiting, *state.active, *state.over)
    mine = [one for one in entries if one.action.target == device or one.action.alert == filed.alert.id]
    return sorted(mine, key=lambda one: -one.action.at_s)


def _allowed(desk: Desk, filed: Filed) -> Allowance | None:
    if filed.state_by != ALLOWED_BY:
        return None
    entry = next(iter(desk.audit.entries(1, about=filed.alert.id)), None)
    why = str(entry.detail.get("why", "")) if entry else ""
    given = (one.allowance for one in desk.allowances.given())
    return next((one for one in given if why.endswith(one.id)), None)


def _beside(reasons: Sequence[Reason]) -> Html | None:
    rows = [
        Beside(one.words.partition(":")[0], one.value, one.low, one.middle, one.high)
        for one in reasons
        if one.value is not None and (one.low is not None or one.high is not None)
    ]
    return beside_benign(rows) if rows else None
