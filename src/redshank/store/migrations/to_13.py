"""The next question, and those about a device, are found without reading all.

In: tables of version 12. Out: those of version 13; two indexes of questions.
"""

from alembic.operations import Operations
from sqlalchemy import text


def upgrade(op: Operations) -> None:
    """Add the indexes."""
    op.create_index("questions_by_device", "questions", ["device"])
    first = text("coalesce(doubted_at_s, asked_at_s) DESC")
    rest = ("place", "id", "wanted", "holder", "held_until_s", "doubted_at_s")
    op.create_index("questions_in_order", "questions", [first, *rest])
