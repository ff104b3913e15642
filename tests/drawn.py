"""How many examples a property is held against.

`make test` draws 40 for each, or 40 % of what a test states, the same in each run; `make properties` draws 300, or
three times what a test states, and others each time.
"""

from hypothesis import settings

FEW = 10
"""Never fewer than these, unless a test states fewer."""


def examples(stated: int) -> int:
    """Return how many to draw for a test that stated this many, where a test that states nothing has 100."""
    return max(min(stated, FEW), stated * settings().max_examples // 100)
