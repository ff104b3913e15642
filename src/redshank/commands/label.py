"""`redshank label`: answer the questions of the queue."""

import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.active.answer import Session
    from redshank.report.summary import Row, Section
    from redshank.store.queue import Queue

DAY_S = 86_400.0
STANDARD_INPUT = Path("-")
END = "\x04"  # Ctrl-D, where it is a key like any other


def label(
    store: Annotated[Path, typer.Option("--store", "-s", metavar="FILE", help="Where questions and labels are kept.")],
    annotator: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who answers.")] = None,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Answer from a file (- is standard input): question or uid, family."),
    ] = None,
    valid_days: Annotated[
        float | None, typer.Option(min=0.001, metavar="DAYS", help="After how long these answers expire.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="List the open questions as one JSON object, and answer none.")
    ] = False,
) -> None:
    """Answer questions with one key each: what was the flow?

    Shows what the flow did, what the model takes it for, why it is asked about, and the labels nearest to it. Every
    answer is kept at once, with who gave it and when; Ctrl-C ends. Several people can answer at the same time. Keys can
    also come through a pipe.

    Example: redshank label --store labels.db --as ana
    """
    from redshank.active.answer import Session, read_answers
    from redshank.core.errors import ConfigError
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    listing = as_json and answers is None
    queue = Queue(Database(store, only_read=listing))
    if listing:
        show(f"Questions in {store}", [Section("Open", _open(queue)), _left(queue)], as_json=True)
        return
    if annotator is None or not annotator.strip():
        raise ConfigError("--as: nobody is named; say who answers, for example --as ana")
    session = Session(
        queue,
        annotator,
        "terminal" if answers is None else "file",
        time.time,
        None if valid_days is None else valid_days * DAY_S,
    )
    if answers is None:
        _talk(session)
        return
    if answers == STANDARD_INPUT:
        new, there = read_answers(session, sys.stdin, "standard input")
    elif not answers.is_file():
        raise ConfigError(f"--answers: no file '{answers}'; name a CSV file with question and family, or -")
    else:
        with answers.open(encoding="utf-8", newline="") as lines:
            new, there = read_answers(session, lines, str(answers))
    show(
        f"Answers of {annotator}",
        [Section("Answers", {"new": new, "there_already": there}), _left(queue)],
        as_json=as_json,
    )


def _talk(session: "Session") -> None:
    from redshank.active.dialog import converse

    interrupted = False
    try:
        with _single_keys(on=True):
            converse(session, _key, _line, typer.echo)
    except KeyboardInterrupt:
        interrupted = True
    counts = session.queue.counts(time.time())
    typer.echo(f"{len(session.given)} answers kept; {counts['open']} questions open, {counts['answered']} answered")
    if interrupted:
        raise typer.Exit(130)


@contextmanager
def _single_keys(*, on: bool) -> Iterator[None]:
    """Let a terminal give each key as it is pressed, or whole lines; a pipe gives what it has anyway."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    mode = termios.tcgetattr(sys.stdin)
    bits = termios.ICANON | termios.ECHO
    mode[3] = mode[3] & ~bits if on else mode[3] | bits
    termios.tcsetattr(sys.stdin, termios.TCSANOW, mode)  # at once: what was typed ahead is kept
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def _key() -> str:
    """Read a key of a terminal, or the next letter of a pipe."""
    letter = sys.stdin.read(1)
    while letter.isspace():
        letter = sys.stdin.read(1)
    return "" if letter == END else letter


def _line(words: str) -> str:
    sys.stdout.write(words)
    sys.stdout.flush()
    with _single_keys(on=False):
        return sys.stdin.readline()


def _open(queue: "Queue") -> "list[Row]":
    status = queue.status(time.time())
    return [
        {
            "question": one.id,
            "device": one.device,
            "why": one.why,
            "strategy": one.strategy,
            "bundle": one.bundle,
            **{
                f"p_{name}": p if one.doubted_at_s is None else None
                for name, p in zip(one.classes, one.probabilities, strict=True)
            },
            **{name: str(value) if isinstance(value, list) else value for name, value in one.flow.items()},
        }
        for one in queue.questions()
        if status[one.id] != "answered"
    ]


def _left(queue: "Queue") -> "Section":
    from redshank.report.summary import Section

    return Section("Queue", queue.counts(time.time()))
