"""`redshank tail`: follow alerts in the terminal."""

import time
from collections import deque
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import Config, Store, store_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redshank.core.records import Alert

LOOK_S = 0.5
PAST_FOR_EACH = 20  # revisions that are looked at for one that is shown: filters leave some out


def tail(
    config: Config = None,
    store: Store = None,
    eve: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that the sink `eve` or `redshank detect -l` appends to.")
    ] = None,
    severity: Annotated[str, typer.Option(metavar="NAME", help="The lowest: low, medium, high or critical.")] = "low",
    family: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this family; may be repeated.")] = None,
    device: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Only this address or network; may be repeated.")
    ] = None,
    last: Annotated[int, typer.Option("--last", "-n", metavar="N", min=0, help="So many of the past first.")] = 10,
    follow: Annotated[bool, typer.Option(help="Go on until Ctrl-C.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each line, the whole alert.")] = False,
) -> None:
    """Show alerts as they come, one line for each and for each time that one is told again.

    A store is named by --config or --store, or a file by --eve. There is color on a terminal, unless NO_COLOR is set.

    Example: redshank tail -c redshank.toml --severity high

    Example: redshank tail --eve out/today/eve.json --device 10.0.0.0/24 --json
    """
    from redshank.core.errors import ConfigError
    from redshank.report.tail import Wanted, show

    if eve and (store or config):
        raise ConfigError(f"--eve: '{eve}' is a file of alerts, and a store is named too; name one of the two")
    wanted = Wanted(severity, family or (), device or ())
    with _from_eve(eve, follow=follow) if eve else _from_store(store_named(config, store), last) as read:
        show(deque(filter(wanted.takes, read()), maxlen=last), as_json=as_json)
        while follow:
            time.sleep(LOOK_S)
            show(filter(wanted.takes, read()), as_json=as_json)


@contextmanager
def _from_store(place: Path | str, last: int) -> "Iterator[Callable[[], Iterator[Alert]]]":
    from redshank.store.alerts import Alerts
    from redshank.store.database import Database

    database = Database(place, only_read=True)
    alerts = Alerts(database)
    arrival = max(0, alerts.last_arrival() - PAST_FOR_EACH * last)

    def read() -> "Iterator[Alert]":
        nonlocal arrival
        while found := alerts.since(arrival):
            arrival = found[-1].arrival
            yield from (filed.alert for filed in found)

    try:
        yield read
    finally:
        database.close()


@contextmanager
def _from_eve(path: Path, *, follow: bool) -> "Iterator[Callable[[], Iterator[Alert]]]":
    from redshank.alerts.eve_log import EveLog
    from redshank.core.errors import ConfigError

    if path.is_dir():
        raise ConfigError(f"--eve: '{path}' is a folder; name the file in it, as in '{path / 'eve.json'}'")
    if not path.exists() and not follow:
        raise ConfigError(f"--eve: there is no file '{path}'; name one that is there, or follow it until it is")
    with closing(EveLog(path)) as log:
        yield log.read
