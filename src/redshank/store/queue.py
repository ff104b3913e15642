"""Questions and labels in the store.

In: questions that a strategy chose, labels that people gave. Out: the next question for somebody, and every label ever
given. The one idea: nothing is changed but who holds a question, and that by one statement that succeeds for one
process alone, so that several analysts can work at once, and a question that was dropped comes back by itself. A flow
is one question, whose label can be doubted: then it is asked once more, of somebody else if there is anybody.
"""

from collections import ChainMap, Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from redshank.core.errors import ConfigError
from redshank.core.records import Label
from redshank.store.answered import Answered, Rows
from redshank.store.audit import Entry, note_all
from redshank.store.database import Database
from redshank.store.history import settled
from redshank.store.question import ALERT, Question, from_row, to_row
from redshank.store.spoken import Spoken
from redshank.store.tables import LABELS, QUESTIONS

DAY_S = 86_400.0
"""How long a doubted answer waits for somebody else's, where others answer too, before whoever gave it is asked."""
HOLD_S = 600.0
"""How long a question that was shown to somebody is kept from others."""
AGAIN_S = 60.0
"""How exactly is kept for how long somebody has a question."""
AT_ONCE = 500
"""Questions that one statement names, more are looked for among all; and rows that are read at once."""
_ORDER = (func.coalesce(QUESTIONS.c.doubted_at_s, QUESTIONS.c.asked_at_s).desc(), QUESTIONS.c.place, QUESTIONS.c.id)


class _Held(NamedTuple):
    """Who may get a question."""

    id: str
    wanted: int
    holder: str
    held_until_s: float
    doubted_at_s: float | None


class Queue:
    """The questions and labels of a store; several processes may have one.

    Args:
        database: The store's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._spoken, self._answered = Spoken(), Answered()

    def add(self, questions: Iterable[Question]) -> int:
        """Put questions into the queue; a flow that was asked about before is not asked about again.

        Returns:
            How many are new.
        """
        with self._database.writing() as sql:
            known = set(sql.execute(select(QUESTIONS.c.id)).scalars())
            new = {question.id: question for question in questions if question.id not in known}
            if new:
                sql.execute(insert(QUESTIONS), [to_row(question) for question in new.values()])
        return len(new)

    def questions(self) -> list[Question]:
        """Return all questions: the latest round first, in it the most useful first."""
        with self._database.reading() as sql:
            return _questions(sql)

    def question(self, question: str) -> Question | None:
        """Return a question by its id."""
        with self._database.reading() as sql:
            return next(iter(_questions(sql, QUESTIONS.c.id == question, limit=1)), None)

    def some(self, ids: Sequence[str]) -> list[Question]:
        """Return questions by their ids, in that order; those that are none are left out."""
        with self._database.reading() as sql:
            found = {one.id: one for one in _questions(sql, QUESTIONS.c.id.in_(ids))}
        return [found[one] for one in ids if one in found]

    def of_device(self, device: str, limit: int = 20) -> list[Question]:
        """Return questions about flows that a device began, the latest round first.

        Args:
            device: Its address.
            limit: How many at most.
        """
        with self._database.reading() as sql:
            return _questions(sql, QUESTIONS.c.device == device, limit=limit)

    def drawn(self, ids: Collection[str]) -> int:
        """Return how many of some questions chance drew."""
        wanted = set(ids)
        with self._database.reading() as sql:
            found = sql.execute(select(QUESTIONS.c.id).where(QUESTIONS.c.at_random.is_(True))).scalars()
            return sum(one in wanted for one in found)

    def sure(self, now_s: float) -> set[str]:
        """Return the questions to which somebody gave a sure answer that stands, whether or not others are asked too.

        Args:
            now_s: The time, s since the epoch.
        """
        with self._seen() as (_, said):
            return said.sure(now_s)

    def waiting(self, now_s: float) -> int:
        """Return how many questions have a sure answer and wait for another one.

        Args:
            now_s: The time, s since the epoch.
        """
        unlike = or_(QUESTIONS.c.wanted != 1, QUESTIONS.c.doubted_at_s.is_not(None))
        with self._seen() as (sql, said):
            sure, rows = said.sure(now_s), list(_held(sql, unlike))
            waiting = sum(row.id in sure and _status(row, said, now_s) != "answered" for row in rows)
            return waiting + len(sure - said.settled(now_s) - {row.id for row in rows})

    def measuring(self, ids: Collection[str]) -> set[str]:
        """Return those of some questions whose labels may measure a model; see `Question.measures`."""
        with self._database.reading() as sql:
            found = sql.execute(select(QUESTIONS.c.id).where(QUESTIONS.c.strategy == ALERT)).scalars()
            return set(ids).difference(found)

    def about(self, uids: Sequence[str]) -> list[Question]:
        """Return the questions about flows of these uids; another source may have used one of them too."""
        with self._database.reading() as sql:
            return _questions(sql, QUESTIONS.c.uid.in_(uids))

    def labels(self) -> list[Label]:
        """Return all labels in the order in which they arrived."""
        with self._seen() as (_, said):
            return list(said.labels)

    def said_of(self, question: str) -> list[Label]:
        """Return the labels of a question in the order in which they arrived."""
        with self._seen() as (_, said):
            return list(said.of(question))

    def answered(self, like: Question) -> Rows:
        """Return the questions that were answered last, `answered.MOST` at most, with the same features as one.

        Whether an answer stands is not looked at, but "unsure" is none.

        Args:
            like: The question.
        """
        with self._database.reading() as sql:
            self._answered.read(sql)
        return self._answered.like(like.fingerprint, len(like.x))

    def families(self) -> set[str]:
        """Return the families that people ever named, "benign" among them."""
        with self._seen() as (_, said):
            return set(said.families)

    def words(self, questions: Iterable[str], now_s: float) -> dict[str, dict[str, Label]]:
        """Return each annotator's word on some questions.

        Args:
            questions: Their ids.
            now_s: The time, s since the epoch.
        """
        with self._seen() as (_, said):
            return {question: said.words(question, now_s) for question in questions}

    def status(self, now_s: float) -> dict[str, str]:
        """Return of each question, as `questions` orders them, whether it is "answered", "held" or "open".

        Args:
            now_s: The time, s since the epoch.
        """
        with self._seen() as (sql, said):
            return {row.id: _status(row, said, now_s) for row in _held(sql)}

    def take(
        self, annotator: str, now_s: float, *, hold_s: float = HOLD_S, skip: Collection[str] = ()
    ) -> Question | None:
        """Give somebody the next question, and keep it from others for a while.

        Args:
            annotator: Who asks; nobody is asked twice, but of an own answer that is in doubt.
            now_s: The time, s since the epoch.
            hold_s: How long others do not get it, in s.
            skip: Questions not to give.

        Returns:
            The question, or None if there is none left for them.
        """
        tried = set(skip)
        while (question := self._next(annotator, now_s, tried)) is not None:
            if self.hold(question, annotator, now_s, hold_s):
                return self.question(question)
            tried.add(question)  # somebody was faster
        return None

    def _next(self, annotator: str, now_s: float, skip: Collection[str]) -> str | None:
        """Return the next question for somebody that nobody else holds; rows are read until there is one."""
        again = []
        with self._seen() as (sql, spoken):
            for row in _held(sql):
                said = spoken.words(row.id, now_s)
                own, since, taken = said.get(annotator), row.doubted_at_s, row.held_until_s > now_s
                if row.id in skip or (taken and row.holder != annotator) or settled(said, row.wanted, since):
                    continue
                if own is None:
                    return row.id
                if since is not None and own.given_at_s <= since:
                    again.append((row.id, since))
            others = again and any(spoken.words(row.id, now_s).keys() - {annotator} for row in _held(sql))
        return next((one for one, since in again if now_s >= since + (DAY_S if others else 0.0)), None)

    def hold(self, question: str, annotator: str, now_s: float, hold_s: float) -> bool:
        """Try to keep a question from others for a while; 0 s lets go of it.

        Who has it already keeps it without a write, for `AGAIN_S` less at most: a page that is loaded again and again
        takes no turn of those who write.

        Returns:
            Whether it is ours: nobody else held it.
        """
        with self._database.reading() as sql:
            since = select(QUESTIONS.c.held_until_s).where(QUESTIONS.c.id == question, QUESTIONS.c.holder == annotator)
            until_s = sql.execute(since).scalar_one_or_none()
        if until_s is not None and hold_s > AGAIN_S and 0 <= now_s + hold_s - until_s < AGAIN_S:
            return True
        free = or_(QUESTIONS.c.held_until_s <= now_s, QUESTIONS.c.holder == annotator)
        with self._database.writing() as sql:
            changed = sql.execute(
                update(QUESTIONS)
                .where(QUESTIONS.c.id == question, free)
                .values(holder=annotator, held_until_s=now_s + hold_s if hold_s else 0.0)
            )
            return changed.rowcount == 1

    def doubt(self, questions: Iterable[str], now_s: float, why: str) -> int:
        """Ask once more about questions whose labels may be wrong; one that was doubted before is not asked again.

        Args:
            questions: Their ids.
            now_s: The time, s since the epoch: labels given later count as a second look.
            why: What is told to whoever is asked, in place of why it was asked first.

        Returns:
            How many are asked again.
        """
        with self._database.writing() as sql:
            return sum(
                sql.execute(
                    update(QUESTIONS)
                    .where(QUESTIONS.c.id == question, QUESTIONS.c.doubted_at_s.is_(None))
                    .values(doubted_at_s=now_s, why=why)
                ).rowcount
                for question in questions
            )

    def tell(self, labels: Sequence[Label]) -> int:
        """Write labels down; all of them are durable when this returns, or none. One that is there already is the same.

        The audit has an entry for each, about the label that was given, or that was taken back.

        Returns:
            How many are new.

        Raises:
            ConfigError: If one is about a question or a label that the store does not have; the first is named.
        """
        with self._database.writing() as sql:
            named = {label.question for label in labels}
            wanted = select(QUESTIONS.c.id)
            if len(named) <= AT_ONCE:
                wanted = wanted.where(QUESTIONS.c.id.in_(named))
            asked = set(sql.execute(wanted).scalars())
            self._spoken.read(sql)
            known: ChainMap[str, Label] = ChainMap({}, self._spoken.by_id)
            new = []
            for label in labels:
                if label.question not in asked:
                    raise ConfigError(f"question: no '{label.question}' in this store; `redshank labels list` has all")
                if label.about is not None:
                    _check_about(label, known)
                if label.id not in known:
                    new.append(label)
                    known[label.id] = label
            if new:
                sql.execute(insert(LABELS), [dict(vars(label)) for label in new])
                note_all(sql, [_entry(label, known) for label in new])
                answered = {(label.question, label.annotator) for label in new}
                for question, annotator in answered:
                    sql.execute(
                        update(QUESTIONS)
                        .where(QUESTIONS.c.id == question, QUESTIONS.c.holder == annotator)
                        .values(held_until_s=0.0)
                    )
        return len(new)

    def counts(self, now_s: float) -> dict[str, int]:
        """Return how many questions are open, held and answered.

        Only those are read whose labels do not tell alone how they stand; the others are counted.
        """
        unlike = or_(QUESTIONS.c.wanted != 1, QUESTIONS.c.doubted_at_s.is_not(None), QUESTIONS.c.held_until_s > now_s)
        with self._seen() as (sql, said):
            rows = list(_held(sql, unlike))
            every = int(sql.execute(select(func.count()).select_from(QUESTIONS)).scalar_one())
            found = Counter(_status(row, said, now_s) for row in rows)
            done = said.settled(now_s).difference(row.id for row in rows)
        found["answered"] += len(done)
        found["open"] += every - len(rows) - len(done)
        return {name: found[name] for name in ("open", "held", "answered")}

    @contextmanager
    def _seen(self) -> Iterator[tuple[Connection, Spoken]]:
        """Give a connection that reads, and all that was said."""
        with self._database.reading() as sql:
            self._spoken.read(sql)
            yield sql, self._spoken


def _entry(label: Label, known: Mapping[str, Label]) -> Entry:
    """Return what the audit says of a label."""
    gone = known[label.about] if label.kind == "withdrawal" and label.about else None
    detail = {
        "question": label.question,
        "family": gone.family if gone else label.family,
        "through": label.origin,
        "why": label.evidence,
        **({"annotator": gone.annotator} if gone else {"corrects": label.about} if label.about else {}),
    }
    what = {"answer": "label given", "correction": "label corrected", "withdrawal": "label withdrawn"}[label.kind]
    return Entry(0, label.given_at_s, label.annotator, what, gone.id if gone else label.id, detail)


def _status(row: _Held, said: Spoken, now_s: float) -> str:
    done = settled(said.words(row.id, now_s), row.wanted, row.doubted_at_s)
    return "answered" if done else "held" if row.held_until_s > now_s else "open"


def _held(sql: Connection, *which: ColumnElement[bool]) -> Iterator[_Held]:
    wanted = select(*(QUESTIONS.c[name] for name in _Held._fields)).where(*which).order_by(*_ORDER)
    for some in sql.execute(wanted.execution_options(yield_per=AT_ONCE)).partitions():
        yield from map(_Held._make, some)


def _questions(sql: Connection, *wanted: ColumnElement[bool], limit: int | None = None) -> list[Question]:
    rows = sql.execute(select(QUESTIONS).where(*wanted).order_by(*_ORDER).limit(limit))
    return [from_row(row._asdict()) for row in rows]


def _check_about(label: Label, known: Mapping[str, Label]) -> None:
    target = known.get(label.about or "")
    if target is None or target.question != label.question or target.kind == "withdrawal":
        raise ConfigError(f"label: no answer '{label.about}' in this store; `redshank labels list` has all")
