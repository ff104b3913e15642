"""What was asked and said about the flows of some addresses.

In: addresses of a device. Out: questions about its flows, each with one label, the newest first. The one idea: it is
read for a person who looks at the device; which label holds in the end, `history.py` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from redshank.store.database import Database
from redshank.store.tables import LABELS, QUESTIONS


@dataclass(frozen=True)
class Said:
    """A question, and something that was said of it.

    Args:
        question: Its id.
        uid: The flow.
        asked_at_s: When it was asked.
        why: Why, in words.
        label: Id of the label; None: nobody said anything yet.
        family: What was said; None for a withdrawal, and if nobody said anything.
        annotator: Who said it; "" if nobody did.
        given_at_s: When.
    """

    question: str
    uid: str
    asked_at_s: float
    why: str
    label: str | None = None
    family: str | None = None
    annotator: str = ""
    given_at_s: float | None = None


def told_of(database: Database, devices: Sequence[str], limit: int = 50) -> list[Said]:
    """Return what was asked and said.

    Args:
        database: The store.
        devices: Addresses of the device.
        limit: How many at most.
    """
    newest = func.coalesce(LABELS.c.given_at_s, QUESTIONS.c.asked_at_s).desc()
    wanted = (
        select(
            *(QUESTIONS.c.id, QUESTIONS.c.uid, QUESTIONS.c.asked_at_s, QUESTIONS.c.why, LABELS.c.id.label("label")),
            *(LABELS.c.family, func.coalesce(LABELS.c.annotator, ""), LABELS.c.given_at_s),
        )
        .join(LABELS, LABELS.c.question == QUESTIONS.c.id, isouter=True)
        .where(QUESTIONS.c.device.in_(devices))
        .order_by(newest, QUESTIONS.c.id, LABELS.c.arrival.desc())
        .limit(limit)
    )
    with database.reading() as sql:
        return [Said(*row) for row in sql.execute(wanted)]
