"""`redshank resend`: what sinks did not take and was given up, to be delivered after all."""

import time
from typing import Annotated

import typer

from redshank.inputs import AsJson, Config, Store, store_named


def resend(
    sinks: Annotated[
        list[str] | None, typer.Argument(metavar="[SINK]...", help="For these sinks; for all if none is named.")
    ] = None,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Have alerts delivered that were given up: a running service sends them within seconds, or the next one does.

    What may have arrived already, as the line in dead-letters.jsonl says, is sent too: name the sink that is to get it.
    Those lines stay; what is given up anew is there once more.

    Example: redshank resend webhook -c redshank.toml
    """
    from redshank.core.errors import ConfigError
    from redshank.report.summary import Row, Section, show
    from redshank.store.database import Database
    from redshank.store.outbox import DEAD, Outbox

    place = store_named(config, store)
    outbox = Outbox(Database(place))
    dead = {sink for sink, state in outbox.counts() if state == DEAD}
    if missing := sorted(set(sinks or ()) - dead):
        known = ", ".join(sorted(dead)) or "none"
        raise ConfigError(f"sink: nothing was given up for '{missing[0]}'; there is something for: {known}")
    done: Row = {sink: outbox.revive(sink, time.time()) for sink in sinks or sorted(dead)}
    show(f"To be delivered from {place}", [Section("Alerts", done)], as_json=as_json)
