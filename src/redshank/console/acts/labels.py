"""What somebody does at the queue of questions: answer, skip, undo, take back.

In: an account's name, and what was chosen. Out: labels in the store. The one idea: an account works through the very
`Session` that `redshank label` uses, kept in memory while the console runs, so what it skipped and what it can undo are
its own. Every label says by itself who gave it, when and through what, and the audit has it, whatever it came through.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from redshank.active import answer
from redshank.active.answer import Session
from redshank.console.desk import Desk
from redshank.console.facts.given import one, taught
from redshank.console.facts.labels import asked
from redshank.console.request_error import RequestError
from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.records import FAMILY_NAME, Label
from redshank.store.question import Question
from redshank.store.queue import HOLD_S

ORIGIN = "console"
"""Through what labels came, as they say themselves."""
MOST_SESSIONS = 256
"""Of accounts that work at the queue; who worked longest ago is forgotten first."""
DAY_S = 86_400.0


class Analysts:
    """Who works at the queue.

    Args:
        desk: What they work on.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn, self._answering = threading.Lock(), threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def session(self, who: str) -> Session:
        """Return somebody's session at the queue."""
        with self._turn:
            found = self._sessions.pop(who, None) or Session(self._desk.queue, who, ORIGIN, self._desk.now_s)
            self._sessions[who] = found
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return found

    def next(self, who: str, wanted: str = "") -> Question | None:
        """Return the question that somebody looks at next, and keep it from others for a while.

        Args:
            who: The account.
            wanted: A certain question; another one if somebody else looks at it, or there is no such question.
        """
        session = self.session(who)
        found = self._desk.queue.question(wanted) if wanted else None
        if found is not None and self._desk.queue.hold(found.id, who, self._desk.now_s(), HOLD_S):
            return found
        return session.next()

    def answer(
        self, who: str, question: str, family: str, evidence: str = "", valid_days: float | None = None
    ) -> Label:
        """Answer a question; a second answer corrects the first.

        Args:
            who: The account.
            question: Its id.
            family: A family, "benign" or "unsure".
            evidence: What the answer rests on.
            valid_days: After how many days it expires; None: never.

        Raises:
            RequestError: If there is no such question.
            ConfigError: If the family is no name.
        """
        session, found = self.session(who), asked(self._desk, question)
        if not FAMILY_NAME.fullmatch(family) or len(family) > MOST_NAME:
            raise ConfigError(
                f"family: '{inert(family[:40])}' is no name; use at most {MOST_NAME} small letters, digits and '_'"
            )
        with self._answering:  # the same form may come twice at once
            session.valid_s = None if valid_days is None else valid_days * DAY_S
            return session.answer(found, family, evidence)

    def skip(self, who: str, question: str) -> None:
        """Leave a question to others, and to a later day.

        Raises:
            RequestError: If there is no such question.
        """
        self.session(who).skip(asked(self._desk, question))

    def look_again(self, who: str) -> int:
        """Forget what somebody skipped; return how many questions that were."""
        session = self.session(who)
        count = len(session.skipped)
        session.skipped.clear()
        return count

    def undo(self, who: str, shown: str = "") -> Question:
        """Take back the last answer that somebody gave here.

        Args:
            who: The account.
            shown: The question that is on the page, which is let go.

        Returns:
            The question that is to be answered again.

        Raises:
            RequestError: If there is none.
        """
        session = self.session(who)
        before = session.undo()
        if before is None:
            raise RequestError(
                409, "There is no answer of yours to undo since the console began; the list of labels takes back any."
            )
        now = self._desk.queue.question(shown) if shown and shown != before.id else None
        if now is not None:
            session.let_go(now)
        return before


MOST_NAME = 40
"""Characters of a family's name."""


@dataclass(frozen=True)
class Withdrawn:
    """What became of a label that was taken back.

    Args:
        labels: Those that were; empty if it had been taken back before.
        bundles: Bundles of the shelf that were trained on it, and on how many such labels.
    """

    labels: tuple[Label, ...]
    bundles: tuple[tuple[str, int], ...]


def withdraw(desk: Desk, who: str, label: str, why: str) -> Withdrawn:
    """Take a label back, one's own or somebody else's.

    Args:
        desk: What is worked on.
        who: The account.
        label: Its id.
        why: In words.

    Raises:
        RequestError: If there is no such label, or it is itself a withdrawal.
    """
    if one(desk, label).kind == "withdrawal":
        raise RequestError(409, "This takes a label back itself; answer the question anew instead.")
    taken = answer.withdraw(desk.queue, [label], who, desk.now_s(), ORIGIN, evidence=why)
    bundles = taught(desk, label)
    return Withdrawn(tuple(taken), tuple(bundles))
