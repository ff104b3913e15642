"""Addresses of a network, looked for in a column that is text.

In: a column with an index, and networks. Out: a condition. The one idea: in the order of the column's own values those
of a network stand together, but for what the text of numbers tears apart. So every value is looked at once, and what
is asked for are a few ranges of text, which an index answers, whatever database it is.
"""

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import Column, ColumnElement, Connection, bindparam, false, or_, select

from redshank.core.prefix import network, within

MOST_RANGES = 200
"""Where values of others stand between so often, each value is named: a statement takes no deeper alternatives."""


def among(sql: Connection, column: Column[str], networks: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a column holds an address of one of these networks.

    Args:
        sql: Where the condition is asked: another transaction may have other values.
        column: Text, addresses among them.
        networks: Like 10.0.0.0/24 or 2001:db8::/32.

    Raises:
        ValueError: If one is no network.
    """
    wanted = [network(one) for one in networks]
    values = sql.execute(select(column).distinct().order_by(column)).scalars()
    runs = [list(some) for inside, some in groupby(values, lambda one: within(one, wanted)) if inside]
    if len(runs) <= MOST_RANGES:
        return or_(false(), *(column.between(run[0], run[-1]) for run in runs))
    named = [one for run in runs for one in run]  # addresses all of them: written into the statement they do no harm
    return column.in_(bindparam(None, named, expanding=True, literal_execute=True))
