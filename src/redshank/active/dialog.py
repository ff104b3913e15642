"""The queue in a terminal: a question is shown, one key answers it.

In: a session, and functions that read a key, read a line and write one. Out: labels in the store. The one idea:
whatever ends it (the end of the keys, Ctrl-C, a kill), every answer that was given is in the store, and the question
that was shown is let go or comes back by itself.
"""

from collections.abc import Callable
from typing import Literal

from redshank.active.answer import Session
from redshank.active.words import question_lines
from redshank.core.inert import inert
from redshank.core.records import FAMILY_NAME, UNSURE
from redshank.core.schema import BENIGN
from redshank.store.question import Question

BENIGN_KEY, NEW, UNSURE_KEY, SKIP, UNDO, QUIT = "b", "n", "u", "s", "z", "q"
FAMILY_KEYS = "1234567890acdefhijklmoprtvwxy"
"""One for each family, in order; a family beyond them is named with the key for a new one. `g` begins a way to another
page of the console, where the same keys answer."""

ReadKey = Callable[[], str]
"""The next key; "" when there are no more."""
ReadLine = Callable[[str], str]
"""A line, asked for with some words."""
Say = Callable[[str], None]


def converse(session: Session, read_key: ReadKey, read_line: ReadLine, say: Say) -> bool:
    """Ask until there are no more questions, or the person has enough.

    Args:
        session: Who answers.
        read_key: Gives a key.
        read_line: Gives the name of a new family.
        say: Writes a line.

    Returns:
        Whether it ended because there was no question left.
    """
    question = session.next()
    while question is not None:
        try:
            more = _ask(session, question, read_key, read_line, say)
        except BaseException:
            session.let_go(question)
            raise
        if more is None:
            session.let_go(question)
            return False
        question = more or session.next()
    say("No question is left.")
    return True


def _ask(
    session: Session, question: Question, read_key: ReadKey, read_line: ReadLine, say: Say
) -> Question | Literal[False] | None:
    """Put one question; return what comes then: another question, the next one (False), or nothing any more (None)."""
    families = dict(zip(FAMILY_KEYS, session.families(question), strict=False))
    say("")
    for line in question_lines(question, session.neighbors(question)):
        say(inert(line))
    keys = [f"{BENIGN_KEY} {BENIGN}", *(f"{key} {inert(family)}" for key, family in families.items())]
    say("  ".join([*keys, f"{NEW} new family", f"{UNSURE_KEY} unsure", f"{SKIP} skip", f"{UNDO} undo", f"{QUIT} quit"]))
    while True:
        key = read_key()
        if key in ("", QUIT):
            return None
        if key == SKIP:
            session.skip(question)
            return False
        if key == UNDO:
            before = session.undo()
            if before is None:
                say("There is no answer of this session to undo.")
                continue
            session.let_go(question)
            say(f"Undone: {before.id}")
            return before
        family = {BENIGN_KEY: BENIGN, UNSURE_KEY: UNSURE, **families}.get(key)
        if key == NEW:
            family = read_line("name of the family: ").strip()
            if not FAMILY_NAME.fullmatch(family):
                say(f"{inert(family)[:40]!r} is no name; use small letters, digits and underscores")
                continue
        if family is None:
            say(f"{inert(key)!r} means nothing here")
            continue
        session.answer(question, family)
        say(f"{question.id}: {family}")
        return False
