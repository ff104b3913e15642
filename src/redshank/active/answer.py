"""Answer questions: one at a time, or a file of answers at once.

In: a store, who answers, a clock. Out: labels in the store, each durable before the next question. The one idea:
nothing is changed afterwards: another answer is a correction, taking one back is a withdrawal, and both are labels.
"""

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from redshank.active.nearest import nearest
from redshank.core.errors import ConfigError
from redshank.core.records import FAMILY_NAME, UNSURE, Label
from redshank.core.registry import alternatives
from redshank.core.schema import BENIGN
from redshank.store.history import by_question, words
from redshank.store.question import Question
from redshank.store.queue import HOLD_S, Queue

COLUMNS = ("question", "uid", "family", "evidence", "given_at_s")
NEIGHBORS_SHOWN = 3
LOOKED_AT = 64
"""Near questions whose answers are read at once: nearly always some of them stand."""
Clock = Callable[[], float]


@dataclass
class Session:
    """One person at the queue.

    Args:
        queue: The store.
        annotator: Who answers.
        origin: Through what.
        clock: Gives the time, s since the epoch.
        valid_s: After how long an answer expires; None: never.
    """

    queue: Queue
    annotator: str
    origin: str
    clock: Clock
    valid_s: float | None = None
    skipped: set[str] = field(default_factory=set)
    given: list[tuple[Question, Label]] = field(default_factory=list)

    def next(self) -> Question | None:
        """Return the next question, and hold it; None if there is none left that was not skipped."""
        return self.queue.take(self.annotator, self.clock(), skip=self.skipped)

    def answer(self, question: Question, family: str, evidence: str = "") -> Label:
        """Answer a question; it is a correction if there is an own word already, and nothing if it says the same."""
        now_s = self.clock()
        word = self.queue.words([question.id], now_s)[question.id].get(self.annotator)
        same = word is not None and self.valid_s is None and (word.family, word.evidence) == (family, evidence)
        if word is not None and same and word.given_at_s > (question.doubted_at_s or 0.0):
            return word  # a key that was hit twice
        label = self.label(question, family, evidence, now_s, word)
        self.queue.tell([label])
        self.given.append((question, label))
        return label

    def skip(self, question: Question) -> None:
        """Leave a question to others, and to a later session."""
        self.skipped.add(question.id)
        self.let_go(question)

    def let_go(self, question: Question) -> None:
        """Hold a question no longer."""
        self.queue.hold(question.id, self.annotator, self.clock(), 0.0)

    def undo(self) -> Question | None:
        """Withdraw this session's last answer, and hold its question; None if there is nothing to undo."""
        if not self.given:
            return None
        question, label = self.given.pop()
        withdraw(self.queue, [label.id], self.annotator, self.clock(), self.origin, evidence="undone")
        self.queue.hold(question.id, self.annotator, self.clock(), HOLD_S)
        return question

    def neighbors(self, question: Question) -> list[tuple[str, str]]:
        """Return those of the nearest questions that somebody answered, and whose answer stands: question and family.

        A question of a running service has no neighbors; then they are found among those that were answered last.
        """
        near = question.neighbors or nearest(self.queue, question)
        found: list[tuple[str, str]] = []
        for begin in range(0, len(near), LOOKED_AT):
            for one, given in self.queue.words(near[begin : begin + LOOKED_AT], self.clock()).items():
                families = {label.family for label in given.values() if label.family is not None}
                found += ((one, family) for family in sorted(families - {UNSURE}))
            if len(found) >= NEIGHBORS_SHOWN:
                break
        return found[:NEIGHBORS_SHOWN]

    def families(self, question: Question) -> list[str]:
        """Return the families that can be named: those of the bundle, then those that people added."""
        known = (BENIGN, *question.classes)
        more = sorted(family for family in self.queue.families() if family not in known)
        return [*(name for name in question.classes if name != BENIGN), *more]

    def label(self, question: Question, family: str, evidence: str, at_s: float, word: Label | None) -> Label:
        """Make the label of an answer.

        Args:
            question: What is answered.
            family: The answer.
            evidence: What it rests on.
            at_s: When it was given.
            word: The own word that holds now: an answer that is not older corrects it.
        """
        return Label.of(
            question.id,
            question.uid,
            family,
            self.annotator,
            at_s,
            self.origin,
            evidence=evidence,
            expires_at_s=None if self.valid_s is None else at_s + self.valid_s,
            about=word.id if word and word.given_at_s <= at_s else None,
        )


def withdraw(queue: Queue, ids: Iterable[str], who: str, now_s: float, origin: str, *, evidence: str) -> list[Label]:
    """Withdraw labels, one's own or somebody else's.

    Args:
        queue: The store.
        ids: Of the labels, or of questions: then of all that hold there.
        who: Who withdraws.
        now_s: The time, s since the epoch.
        origin: Through what.
        evidence: Why.

    Returns:
        The labels that were withdrawn; those that were before are not among them.

    Raises:
        ConfigError: If there is no such label; every one is named, and nothing is withdrawn.
    """
    labels = queue.labels()
    answers = {label.id: label for label in labels if label.kind != "withdrawal"}
    gone = {label.about for label in labels if label.kind == "withdrawal"}
    sorted_labels = by_question(labels)
    found: dict[str, Label] = {}
    problems = []
    for one in ids:
        if one in answers:
            found[one] = answers[one]
        elif one in sorted_labels:
            found |= {label.id: label for label in words(sorted_labels[one], now_s).values()}
        else:
            problems.append(f"label: no '{one}'; {alternatives(one, answers)}")
    if problems:
        raise ConfigError(problems)
    taken = [label for label in found.values() if label.id not in gone]
    queue.tell(
        [
            Label.of(label.question, label.uid, None, who, now_s, origin, evidence=evidence, about=label.id)
            for label in taken
        ]
    )
    return taken


def read_answers(session: Session, lines: Iterable[str], where: str) -> tuple[int, int]:
    """Answer from CSV: a header line, then the `family` of each `question` or `uid`, with `evidence` and `given_at_s`.

    An answer that holds already is passed over, so a file can be read twice; another one is a correction.

    Args:
        session: Who answers.
        lines: The text.
        where: What it is called, for messages.

    Returns:
        How many answers were new, and how many were there already.

    Raises:
        ConfigError: With every line that is wrong; then none is taken.
    """
    rows = csv.DictReader(lines)
    names = rows.fieldnames or []
    strange = [name for name in names if name not in COLUMNS]
    if "family" not in names or not {"question", "uid"} & set(names) or strange:
        raise ConfigError(
            f"{where}: has columns {', '.join(names) or 'none'}; wanted are family and one of question and uid, then "
            "evidence and given_at_s if known"
        )
    by_id = {question.id: question for question in session.queue.questions()}
    by_uid: dict[str, list[Question]] = {}
    for question in by_id.values():
        by_uid.setdefault(question.uid, []).append(question)
    now_s, history = session.clock(), by_question(session.queue.labels())
    labels: list[Label] = []
    problems, there = [], 0
    for number, row in enumerate(rows, start=2):
        named = by_id.get(row.get("question") or "")
        same = [named] if named else by_uid.get(row.get("uid") or "", []) if not row.get("question") else []
        problem, at = _wrong(row, same, now_s)
        if problem:
            problems.append(f"{where}, line {number}: {problem}")
            continue
        asked, family = same[0], row["family"].strip()
        word = words(history.get(asked.id, ()), now_s).get(session.annotator)
        # What holds is said again only by who says when, after it was doubted: a file read twice confirms nothing.
        again = bool(row.get("given_at_s")) and asked.doubted_at_s is not None and at > asked.doubted_at_s
        if word is not None and word.family == family and not (again and word.given_at_s < at):
            there += 1
            continue
        label = session.label(asked, family, row.get("evidence") or "", at, word)
        labels.append(label)
        history.setdefault(asked.id, []).append(label)
    if problems:
        raise ConfigError(problems)
    return session.queue.tell(labels), there


def _wrong(row: dict[str, str], same: list[Question], now_s: float) -> tuple[str, float]:
    """Say what is wrong with a line, or nothing; and when its answer was given."""
    which = row.get("question") or row.get("uid") or ""
    if len(same) != 1:
        return f"'{which}' is {'no question' if not same else 'more than one question'} of this store", 0.0
    family = (row.get("family") or "").strip()
    if not FAMILY_NAME.fullmatch(family):
        return f"family {family[:40]!r} is no name; use small letters, digits and underscores, or {UNSURE}", 0.0
    text = row.get("given_at_s")
    try:
        at = float(text) if text else now_s
    except ValueError:
        at = math.nan
    if not 0 <= at <= now_s:
        return f"given_at_s {text!r} is no time in s since 1970 up to now", 0.0
    return "", at
