"""What is owed to a sink that the settings no longer name: it waits a day, then it becomes dead letters.

In: the outbox of a store, and the sinks of a run. Out: rows that nobody will ever try, in the file of dead letters. The
one idea: a sink may be taken out for an hour by mistake, so its rows wait as long as those of a sink that fails
(`alerts/delivery.py`); for ever they would keep their alerts from retention.
"""

import math
from collections.abc import Collection

from redshank.alerts.dead_letters import LetterFile
from redshank.alerts.delivery import BATCH, Patience
from redshank.store.outbox import WAITING, Outbox

AGE_S = Patience.age_s
"""How long such a row waits, by the clock."""


def bury_orphans(outbox: Outbox, sinks: Collection[str], dead: LetterFile, now_s: float) -> int:
    """Give up rows for sinks that are not there.

    Args:
        outbox: Of the store.
        sinks: The names of those that are there.
        dead: Where the rows go.
        now_s: The time, s since the epoch.

    Returns:
        How many rows were given up.

    Raises:
        ActionError: If the store cannot be used.
        OSError: If the file cannot be written; the row stays where it is.
    """
    gone = 0
    for name in sorted({sink for sink, state in outbox.counts() if state == WAITING and sink not in sinks}):
        error = f"sink {name} is not in the settings"
        while old := [row for row in outbox.due(name, math.inf, BATCH) if now_s - row.since_s >= AGE_S]:
            for row in old:
                dead.bury(row, error, now_s)
                outbox.failed(row.key, error, None)
            gone += len(old)
    return gone
