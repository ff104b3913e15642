"""`redshank allow`: what nobody wants to be told of, who decided so, and until when."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import AsJson, Because, By, Config, Store, store_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redshank.core.allowance import Allowance
    from redshank.report.summary import Row
    from redshank.store.allowances import Given

allow = typer.Typer(
    no_args_is_help=True,
    help="Alerts that nobody wants: add, list, remove. A running service keeps to what is written here within about a "
    "second, and ends open alerts that are covered.",
)


@allow.command()
def add(
    by: By,
    because: Because,
    source: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Who began the flow: address, network.")] = None,
    destination: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Whom it went to.")] = None,
    network: Annotated[str | None, typer.Option(metavar="NETWORK", help="Where either of the two is.")] = None,
    device: Annotated[str | None, typer.Option(metavar="IP|MAC", help="The device that began the flow.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="TCP or UDP port that it went to.")] = None,
    domain: Annotated[str | None, typer.Option(metavar="NAME", help="Name asked for, and those below it.")] = None,
    family: Annotated[str | None, typer.Option(metavar="FAMILY", help="What it was taken for.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="The signature rule that it hit.")] = None,
    span: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long it holds: 12h, 30d; 0: until it is removed.")
    ] = "30d",
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Allow flows: they raise no alert, and are counted instead.

    Every condition that is given must hold, and at least one is given. A domain is what a device says, so that an
    attacker can say it too: give who may, beside it. Open alerts that are covered are closed, and what the policy did
    because of them is taken back, unless another alert of the device is open. The store is made if absent.

    Example: redshank allow add -c redshank.toml --as ana --because "our scanner" --device 10.0.0.9 --family scanning

    Example: redshank allow add -c redshank.toml --as ana --because "old cameras" --rule telnet-session --for 90d
    """
    from redshank.config import load
    from redshank.core.allowance import Allowance
    from redshank.core.duration import seconds
    from redshank.pipeline.allowing import give
    from redshank.report.summary import Section, show
    from redshank.site import strange
    from redshank.store.database import Database

    now_s, span_s = time.time(), seconds(span, "--for")
    allowance = Allowance.of(
        by,
        because,
        now_s,
        now_s + span_s if span_s else None,
        source=source,
        destination=destination,
        network=network,
        device=device,
        port=port,
        domain=domain,
        family=family,
        rule=rule,
    )
    place = store_named(config, store)
    given = give(Database(place, create=True), allowance, now_s)
    sections = [
        Section("Allowances", _rows([allowance])),
        Section("Alerts", {"closed": given.closed}),
        Section("Actions", {"taken back": given.taken_back}),
    ]
    show(f"Allowed in {place}", sections, as_json=as_json)
    for line in strange(load(config), family, rule):
        typer.echo(f"hint: {line}", err=True)


@allow.command(name="list")
def list_(
    over: Annotated[bool, typer.Option("--all", help="Those that were removed or expired, too.")] = False,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """List what is allowed, the oldest first, and what each has kept quiet, as services wrote down lately.

    The metric redshank_allowed_total of a service has it to the second.

    Example: redshank allow list -c redshank.toml
    """
    from redshank.report.summary import Section, show
    from redshank.store.allowances import Allowances
    from redshank.store.database import Database

    place = store_named(config, store)
    allowances, now_s = Allowances(Database(place, only_read=True)), time.time()
    kept = {one.allowance.id: one for one in allowances.given()}
    sections = [Section("Allowances", _rows(allowances.standing(now_s), kept))]
    if over:
        sections.append(Section("Over", _rows(allowances.past(now_s), kept)))
    show(f"Allowances in {place}", sections, as_json=as_json)


@allow.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Allowances, or the beginnings of their ids.")],
    by: By,
    because: Because,
    config: Config = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Take allowances back: what they kept quiet raises alerts again.

    Example: redshank allow remove 5e1f0a -c redshank.toml --as ana --because "the scanner is gone"
    """
    from redshank.core.errors import ConfigError
    from redshank.report.summary import Section, show
    from redshank.store.allowances import Allowances
    from redshank.store.database import Database

    place = store_named(config, store)
    allowances, now_s = Allowances(Database(place)), time.time()
    standing = allowances.standing(now_s)
    taken: list[Allowance] = []
    for name in ids:
        found = [one for one in standing if one.id.startswith(name)]
        if not found:
            raise ConfigError(f"allowance: none that holds begins with '{name}'; `redshank allow list` has all")
        if len(found) > 1:
            raise ConfigError(f"allowance: '{name}' is the beginning of {len(found)} that hold; write more of it")
        taken += found
    for one in taken:
        allowances.withdraw(one.id, by, now_s, because)
    show(f"Removed in {place}", [Section("Allowances", _rows(taken))], as_json=as_json)


def _rows(allowances: "Iterable[Allowance]", kept: "Mapping[str, Given] | None" = None) -> "list[Row]":
    from redshank.report.summary import time_text

    rows: list[Row] = [
        {
            "allowance": one.id,
            "allows": one.terms(),
            "by": one.author,
            "because": one.reason,
            "given": time_text(one.given_at_s),
            "until": time_text(one.expires_at_s),
            **({"flows": kept[one.id].flows, "alerts": kept[one.id].alerts} if kept else {}),
        }
        for one in allowances
    ]
    return rows
