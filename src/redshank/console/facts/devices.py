"""The devices of a site: which there are, what each usually does, what stands open against it, and its past.

In: a desk. Out: rows of the inventory, or all that the store knows of one device. The one idea: alerts and actions name
addresses, a person means a device; so an address counts for the device that it was seen with last, and what a device
did is what its addresses did.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redshank import site
from redshank.alerts.asset import VALUES, Assets
from redshank.console.charts import Amounts, Chart, Ranges, by_hour, stacked
from redshank.console.desk import Desk
from redshank.console.facts.responses import Book
from redshank.console.facts.usual import Usual, usual
from redshank.console.shared import SLOWLY_S
from redshank.core.allowance import Allowance
from redshank.respond.states import Entry
from redshank.store.alerts import Filed
from redshank.store.devices import SORTS, Device
from redshank.store.risk import Risk, risks
from redshank.store.search import Search
from redshank.store.told_of import Said, told_of
from redshank.store.usual import HOUR_S, Hour
from redshank.store.usual import Usual as Store

RISK = "risk"
ORDERS = (*SORTS, RISK)
"""What the inventory can be sorted by, the greatest first; by risk it holds only devices that are at risk."""
DAY_S = 86_400.0
SPANS_S = {"24h": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
MIB = 2**20
FEW = 20
"""Alerts, labels and so on of one device that its page shows."""


@dataclass(frozen=True)
class Row:
    """A device in the inventory.

    Args:
        device: As the store has it.
        risk: What stands open against it.
        value: What it is worth to its owner.
    """

    device: Device
    risk: Risk
    value: str


@dataclass(frozen=True)
class Rows:
    """A page of the inventory.

    Args:
        rows: In order.
        after: What the next page begins after; None: there is none.
        known: Devices in all.
    """

    rows: tuple[Row, ...]
    after: tuple[float, str] | None
    known: int


@dataclass(frozen=True)
class About:
    """All that is known of one device.

    Args:
        row: As in the inventory.
        group: The group whose habits it is judged by.
        addresses: By which alerts and actions name it.
        usual: What is usual of it, and what is different now.
        usual_hours: The same, MiB by hour of the day, as a drawing.
        traffic: Bytes that it sent and received, hour by hour.
        alerts: The latest.
        alert_count: How many there are.
        actions: Against its addresses, what waits and holds first.
        said: Questions about its flows and their labels, the newest first.
        allowances: Those in force that name one of its addresses.
    """

    row: Row
    group: str
    addresses: tuple[str, ...]
    usual: Usual
    usual_hours: Ranges
    traffic: Chart
    alerts: tuple[Filed, ...]
    alert_count: int
    actions: tuple[Entry, ...]
    said: tuple[Said, ...]
    allowances: tuple[Allowance, ...]


def inventory(
    desk: Desk,
    words: Sequence[str] = (),
    order: str = SORTS[0],
    limit: int = 50,
    after: tuple[float, str] | None = None,
) -> Rows:
    """Return a page of the inventory.

    Args:
        desk: The desk.
        words: Each is to be found in a device's addresses, vendor or services.
        order: One of ORDERS.
        limit: How many at most.
        after: As the page before tells.
    """
    if order == RISK:
        rows = _at_risk(desk, ranked(desk), words, limit + 1, after)
    else:
        found = desk.inventory.find(words, order, limit + 1, after)
        rows = _rows(desk, found)
    last = rows[limit - 1] if len(rows) > limit else None
    value = None if last is None else last.risk.points if order == RISK else float(getattr(last.device, order))
    return Rows(
        tuple(rows[:limit]),
        None if last is None or value is None else (value, last.device.id),
        desk.inventory.count(),
    )


def find(desk: Desk, name: str) -> Device | None:
    """Return the device with this id, or that an IP address was seen with last."""
    return desk.inventory.get(name) or desk.inventory.owner(name)


def about(desk: Desk, book: Book, device: Device, span_s: float) -> About:
    """Return all that is known of a device.

    Args:
        desk: The desk.
        book: The ledger.
        device: The device.
        span_s: How far back its traffic is told, s of packet time before it was seen last.
    """
    addresses = tuple(dict.fromkeys([*device.ips, *([device.mac] if device.mac else []), device.id]))
    search = Search(devices=addresses)
    standing = desk.allowances.standing(desk.now_s())
    found = usual(desk, device)
    return About(
        _rows(desk, [device])[0],
        site.device_groups(desk.settings).of(next(iter(device.ips), None)),
        addresses,
        found,
        _hours(found),
        _traffic(desk, device, span_s),
        tuple(desk.alerts.find(search, FEW)),
        desk.alerts.count(search),
        tuple(book.state().against(addresses)[:FEW]),
        tuple(told_of(desk.database, addresses, FEW)),
        tuple(one for one in standing if _names(one, addresses)),
    )


def hours(desk: Desk, device: Device, span_s: float) -> list[Hour]:
    """Return what a device did in each hour of a span that ends when it was seen last; hours without any are not."""
    return Store(desk.database).hours(device.id, device.last_seen_s + 1.0 - span_s)


def _traffic(desk: Desk, device: Device, span_s: float) -> Chart:
    until_s = device.last_seen_s + 1.0
    values = [
        (float(hour.start_s), kind, number / MIB)
        for hour in hours(desk, device, span_s)
        for kind, number in (("sent", hour.sent_bytes), ("received", hour.received_bytes))
    ]
    step_s = HOUR_S if span_s <= 8 * DAY_S else DAY_S
    return stacked(values, until_s - span_s, until_s, float(step_s), "MiB")


def _hours(found: Usual) -> Ranges:
    def mib(size: float | None) -> float | None:
        return None if size is None else size / MIB

    amounts = [
        Amounts(mib(one.low), mib(one.median), mib(one.high), mib(one.now_bytes), odd=bool(one.changes))
        for one in found.hours
    ]
    return by_hour(amounts, "MiB")


def _rows(desk: Desk, found: Sequence[Device]) -> list[Row]:
    addresses = tuple(dict.fromkeys(ip for device in found for ip in (*device.ips, device.id)))
    owner = desk.inventory.owners(addresses)
    against: dict[str, Risk] = {}
    for address, risk in (risks(desk.database, desk.now_s(), addresses) if addresses else {}).items():
        name = owner.get(address, address)
        against[name] = against[name] + risk if name in against else risk
    assets = Assets(desk.settings.alerts.assets)
    return [Row(device, against.get(device.id, Risk()), _value(assets, device)) for device in found]


def at_risk(desk: Desk) -> dict[str, Risk]:
    """Return what stands open against each device, by its id or else the address that alerts name; the most first."""
    with desk.database.at_once():
        found = risks(desk.database, desk.now_s())
        owner = desk.inventory.owners(tuple(found))
    summed: dict[str, Risk] = {}
    for address, risk in found.items():
        name = owner.get(address, address)
        summed[name] = summed[name] + risk if name in summed else risk
    return dict(sorted(summed.items(), key=lambda item: (-item[1].points, item[0])))


def ranked(desk: Desk) -> dict[str, Risk]:
    """Return what `at_risk` gives, as it was within the last SLOWLY_S seconds, after all that was decided on alerts."""
    decided = desk.risk_changed.place()
    return desk.shared.get("ranked", (decided,), desk.now_s(), lambda: at_risk(desk), SLOWLY_S, beside=True)


def _at_risk(
    desk: Desk, ranked: Mapping[str, Risk], words: Sequence[str], limit: int, after: tuple[float, str] | None
) -> list[Row]:
    found = [
        (name, risk) for name, risk in ranked.items() if after is None or (-risk.points, name) > (-after[0], after[1])
    ]
    assets, rows = Assets(desk.settings.alerts.assets), list[Row]()
    for begin in range(0, len(found), 200):  # words may leave few of these
        some = dict(found[begin : begin + 200])
        devices = {one.id: one for one in desk.inventory.find(words, limit=200, ids=list(some))}
        rows += [
            Row(devices[name], risk, _value(assets, devices[name])) for name, risk in some.items() if name in devices
        ]
        if len(rows) >= limit:
            break
    return rows[:limit]


def _value(assets: Assets, device: Device) -> str:
    return VALUES[max((assets.value(ip) for ip in device.ips), default=VALUES.index("normal"))]


def _names(allowance: Allowance, addresses: Sequence[str]) -> bool:
    """Tell whether a condition of an allowance on addresses fits one of these."""
    for text in (allowance.source, allowance.destination, allowance.network, allowance.device):
        if text is None:
            continue
        if text in addresses:
            return True
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:  # a link-layer address
            continue
        if any(_inside(address, network) for address in addresses):
            return True
    return False


def _inside(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False
