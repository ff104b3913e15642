"""`redshank respond`: what was done against devices, and what a person wants done or taken back."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import AsJson, Because, By, Config, Store, store_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redshank.console.desk import Desk
    from redshank.report.summary import Row
    from redshank.respond.backend import Backend
    from redshank.respond.states import Entry

respond = typer.Typer(
    no_args_is_help=True,
    help="Actions against devices: list, approve, undo, allow, flush, block. A running service carries out what is "
    "written here within about a second.",
)

From = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Also lift it from here, for when no service runs: nftables (needs root), or dry_run to see the ruleset.",
    ),
]


@respond.command(name="list")
def list_(
    over: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """List actions, the oldest first: what waits for approval, what holds and until when.

    Example: redshank respond list -c redshank.toml
    """
    from redshank.report.summary import Section, show

    desk = _desk(config, store, only_read=True)
    ledger = desk.ledger()
    entries = ledger.entries() if over else ledger.open()
    counts: Row = {"torn_lines": ledger.torn, "breaker": ledger.held_up(time.time()) or "closed"}
    if over:
        counts = {**counts, "over_and_not_listed": ledger.left_out}
    show(
        f"Actions in {desk.database.name}",
        [Section("Actions", _rows(entries)), Section("Ledger", counts)],
        as_json=as_json,
    )


@respond.command()
def approve(
    ids: Annotated[list[str], typer.Argument(help="Actions that wait, or the beginnings of their ids.")],
    by: By,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Let actions happen that wait for a person.

    Example: redshank respond approve 5e1f0a -c redshank.toml --as ana
    """
    from redshank.report.summary import Section, show
    from redshank.respond import orders

    desk, who = _desk(config, store), orders.signed(by)
    done = orders.approve(desk.ledger(), ids, who, time.time())
    show(f"Approved in {desk.database.name}", [Section("Actions", _rows(done))], as_json=as_json)


@respond.command()
def undo(
    ids: Annotated[list[str], typer.Argument(help="Actions, or the beginnings of their ids.")],
    by: By,
    because: Because,
    allow: Annotated[
        str, typer.Option("--allow", metavar="TIME", help="For how long nothing is done against the target; 0: not.")
    ] = "24h",
    config: Config = None,
    store: Store = None,
    backend: From = None,
    as_json: AsJson = False,
) -> None:
    """Take actions back, and let their targets alone for a while.

    Alerts about them go on; `redshank allow` is for what nobody wants to be told of.

    Example: redshank respond undo 5e1f0a -c redshank.toml --as ana --because "our own scanner" --allow 7d
    """
    from redshank.core.duration import seconds
    from redshank.report.summary import Section, show
    from redshank.respond import orders

    desk, who, allow_s = _desk(config, store), orders.signed(by), seconds(allow, "--allow")
    lifting = _backend(desk, backend)
    done = orders.undo(desk.ledger(), ids, who, because, time.time(), allow_s)
    if lifting:
        lifting.lift([entry.key for entry in done])
    show(f"Taken back in {desk.database.name}", [Section("Actions", _rows(done))], as_json=as_json)


@respond.command()
def allow(
    target: Annotated[str, typer.Argument(help="IP address, or MAC.")],
    by: By,
    because: Because,
    span: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 90s, 10m, 24h, 7d; 0 ends it.")],
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Let nothing be done against an address for a while; what holds now is taken back with `undo`.

    Example: redshank respond allow 10.0.0.9 --for 2h -c redshank.toml --as ana --because "penetration test"
    """
    from redshank.core.duration import seconds
    from redshank.report.summary import Section, show
    from redshank.respond.orders import signed

    desk, now_s = _desk(config, store), time.time()
    desk.ledger().allow(target, signed(by), now_s, seconds(span, "--for"), because)
    held: Row = {"target": target, "until": _time(now_s + seconds(span, "--for"))}
    show(f"Allowed in {desk.database.name}", [Section("Allowed", held)], as_json=as_json)


@respond.command()
def block(
    target: Annotated[str, typer.Argument(help="IP address; of a device to isolate, its MAC.")],
    by: By,
    because: Because,
    span: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 90s, 10m, 24h; at most 30d.")] = "10m",
    measure: Annotated[str, typer.Option(metavar="NAME", help="rate_limit, block or isolate.")] = "block",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the nftables ruleset, and do nothing.")] = False,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Act against an address by hand. What the machine needs (gateways, resolvers, operators) is refused.

    Example: redshank respond block 10.0.0.66 --for 1h -c redshank.toml --as ana --because "guesses passwords"
    """
    from redshank import site
    from redshank.config import load
    from redshank.console.desk import names, protected
    from redshank.core.duration import seconds
    from redshank.report.summary import Section, show
    from redshank.respond import orders
    from redshank.respond.backends.nftables import Nftables

    now_s = time.time()
    action = orders.ordered(measure, target, seconds(span, "--for"), by, because, now_s)
    if dry_run:  # nothing is written, so it needs no store
        settings = load(config)
        loading = site.named_backend(settings, "nftables")
        assert isinstance(loading, Nftables)
        typer.echo(orders.rehearsed(action, protected(settings, names(settings)), loading.rules))
        return
    desk = _desk(config, store)
    done = orders.block(desk.ledger(), action, now_s)
    show(f"Approved in {desk.database.name}", [Section("Actions", _rows([done]))], as_json=as_json)


@respond.command()
def flush(
    by: By,
    because: Because,
    config: Config = None,
    store: Store = None,
    backend: From = None,
    as_json: AsJson = False,
) -> None:
    """Take everything back that holds or waits; nobody is allowed for it.

    Example: redshank respond flush -c redshank.toml --as ana --because "maintenance"
    """
    from redshank.report.summary import Section, show
    from redshank.respond.orders import flush as flush_all
    from redshank.respond.orders import signed

    desk, who = _desk(config, store), signed(by)
    if lifting := _backend(desk, backend):
        # First of all: it must work with a store that is lost or was changed, too.
        lifting.flush()
    done = flush_all(desk.ledger(), who, because, time.time())
    show(f"Taken back in {desk.database.name}", [Section("Actions", _rows(done))], as_json=as_json)


def _desk(config: Path | None, store: str | None, *, only_read: bool = False) -> "Desk":
    """Return what a person works on: the settings, the store that they name or another, and its ledger."""
    from redshank.config import load
    from redshank.console.desk import Desk
    from redshank.store.database import Database

    return Desk(load(config), Database(store_named(config, store), only_read=only_read), config)


def _backend(desk: "Desk", name: str | None) -> "Backend | None":
    from redshank import site

    return site.named_backend(desk.settings, name) if name else None


def _rows(entries: "Sequence[Entry]") -> "list[Row]":
    return [
        {
            "action": entry.action.id,
            "state": "waits for approval" if entry.state == "proposed" and entry.approval else entry.state,
            "measure": entry.action.measure,
            "target": entry.action.target,
            "since": _time(entry.changed_s),
            "until": _time(entry.until_s),
            "for_s": entry.action.ttl_s,
            "backend": entry.backend or None,
            "by": entry.by,
            "enforced": _enforced(entry),
            "because": entry.note or None,
            "reason": entry.action.reason,
            "alert": entry.action.alert or None,
        }
        for entry in entries
    ]


def _enforced(entry: "Entry") -> str | None:
    """Say whether traffic stops because of an action that holds; None of others."""
    from redshank.respond.backend import BACKENDS

    if entry.state != "applied" or entry.backend not in BACKENDS.names():
        return None
    return "yes" if BACKENDS.find(entry.backend).enforces else "dry run: nothing is enforced"


def _time(at_s: float | None) -> str | None:
    from redshank.report.summary import time_text

    text = time_text(at_s)
    return None if text is None else f"{text}Z"
