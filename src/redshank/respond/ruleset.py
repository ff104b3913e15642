"""The nftables ruleset, as the JSON that `nft -j -f -` takes.

In: what is to hold or to end. Out: lists of commands; each list is one transaction. The one idea: only elements of sets
come and go, each with a timeout that the kernel keeps; tables, sets and rules are always the same and are stated anew
in every transaction, so that whatever somebody else removed is back.

One table `redshank` in family inet sees what comes to this machine or passes through it. The same in family bridge sees
what passes between two ports of a bridge of this machine, ARP included, which inet never sees. Both look first of all
(before connection tracking), so what is dropped costs little.

| set | what happens to packets |
|---|---|
| block4, block6 | from the address: dropped |
| cut4, cut6, cut_mac | isolated: from the address and to it (from it only, of a link-layer address): dropped |
| slow4_N, slow6_N | from the address: dropped beyond N packets per second; another N is another set |

Source: libnftables-json(5), nft(8); nft_set_elem_update_expr of Linux for limits that sit on elements of a set.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redshank.respond.backend import Hold
from redshank.respond.target import is_mac

Command = dict[str, Any]

TABLE = "redshank"
SIZE = 65_536
"""Elements of a set; what the breaker lets through is far less."""
# Before connection tracking (-200) and before the raw table (-300).
PRIORITY = -310
FAMILIES = ("inet", "bridge")
_STEMS = {"block": "block", "isolate": "cut", "rate_limit": "slow"}
_KINDS = {"4": ("ipv4_addr", "ip"), "6": ("ipv6_addr", "ip6"), "_mac": ("ether_addr", "ether")}


@dataclass(frozen=True)
class Ruleset:
    """The ruleset of one way to be set up.

    Args:
        families: Of FAMILIES, "inet" among them.
        packets_per_s: Rate above which packets of a slowed address are dropped.
    """

    families: tuple[str, ...]
    packets_per_s: int

    @classmethod
    def of(cls, *, bridges: bool, packets_per_s: int) -> "Ruleset":
        """Make the ruleset that these settings of a backend mean."""
        return cls(FAMILIES if bridges else FAMILIES[:1], packets_per_s)

    def name(self, measure: str, kind: str) -> str:
        """Return the name of a set: of a measure, for addresses of a kind (4, 6 or _mac)."""
        # The kernel keeps the limit that a set was made with.
        return f"{_STEMS[measure]}{kind}" + (f"_{self.packets_per_s}" if measure == "rate_limit" else "")

    def sets(self) -> dict[str, tuple[str, str]]:
        """Return measure and kind of addresses by the name of the set."""
        both = [(measure, kind) for measure in _STEMS for kind in "46"]
        return {self.name(measure, kind): (measure, kind) for measure, kind in (*both, ("isolate", "_mac"))}

    def text(self, commands: list[Command]) -> str:
        """Return commands as `nft -j -f -` reads them, on one line."""
        return json.dumps({"nftables": commands})

    def frame(self) -> list[Command]:
        """Return the commands that make tables, sets, chains and rules, whether they are there or not."""
        commands: list[Command] = []
        for family in self.families:
            where = {"family": family, "table": TABLE}
            commands.append(_add("table", {"family": family, "name": TABLE}))
            commands += [_add("set", {**where, **self._set(name)}) for name in self.sets()]
            for hook in ("prerouting", "output"):
                chain = {**where, "name": hook}
                kind = {"type": "filter", "hook": hook, "prio": PRIORITY, "policy": "accept"}
                commands += [_add("chain", {**chain, **kind}), {"flush": {"chain": chain}}]
            for name, (measure, kind_of) in self.sets().items():
                protocol = _KINDS[kind_of][1]
                commands.append(_rule(where, "prerouting", name, protocol, "saddr"))
                if measure == "isolate" and protocol != "ether":
                    commands += [_rule(where, hook, name, protocol, "daddr") for hook in ("prerouting", "output")]
        return commands

    def _set(self, name: str) -> dict[str, Any]:
        measure, kind = self.sets()[name]
        statements: list[dict[str, Any]] = [{"counter": None}]
        if measure == "rate_limit":
            # Where the limit is kept to, the drop is not reached. nft 1.0.6 lists the first statement alone.
            rate = {"rate": self.packets_per_s, "burst": self.packets_per_s, "per": "second", "inv": True}
            statements.append({"limit": rate})
        return {"name": name, "type": _KINDS[kind][0], "flags": ["timeout"], "size": SIZE, "stmt": statements}

    def elements(self, holds: Iterable[Hold]) -> list[Command]:
        """Return the commands that make these hold for the time given, whether they hold already or not."""
        timed = {hold.key: {"elem": {"val": hold.target, "timeout": max(1, math.ceil(hold.left_s))}} for hold in holds}
        commands = []
        for place, keys in self._places(timed):
            new = _add("element", {**place, "elem": [timed[key] for key in keys]})
            # The kernel keeps the old time of an element that is there: hence out and in again, in one transaction.
            commands += [new, {"delete": {"element": {**place, "elem": [target for _, target in keys]}}}, new]
        return commands

    def endings(self, keys: Iterable[tuple[str, str]]) -> list[Command]:
        """Return the commands that end what holds under these keys, whether it does or not."""
        commands = []
        for place, own in self._places(keys):
            element = {**place, "elem": [target for _, target in own]}
            # To delete what is not there would undo the whole transaction.
            commands += [_add("element", element), {"delete": {"element": element}}]
        return commands

    def flushing(self) -> list[Command]:
        """Return the commands that take the tables away, whether they are there or not."""
        tables = [{"table": {"family": family, "name": TABLE}} for family in self.families]
        return [command for table in tables for command in ({"add": table}, {"delete": table})]

    def holds(self, listed: Iterable[Command]) -> list[Hold]:
        """Return what a listing of one of our tables says that holds.

        Args:
            listed: The objects below "nftables" that `nft -j list table` printed.
        """
        sets = self.sets()
        found = []
        for item in listed:
            one = item.get("set", {})
            for element in one.get("elem", ()) if one.get("name") in sets else ():
                held = element["elem"] if isinstance(element, dict) else {"val": element}
                counter = held.get("counter", {})
                # One without a time was put there by somebody else: it is told, so that it can be lifted.
                left_s = float(held.get("expires", held.get("timeout", math.inf)))
                measure, _ = sets[one["name"]]
                found.append(
                    Hold(measure, str(held["val"]), left_s, counter.get("packets", 0), counter.get("bytes", 0))
                )
        return found

    def _places(self, keys: Iterable[tuple[str, str]]) -> list[tuple[dict[str, Any], list[tuple[str, str]]]]:
        """Return every set of every family that these keys belong to, each with its keys."""
        by_name: dict[str, list[tuple[str, str]]] = {}
        for measure, target in dict.fromkeys(keys):
            name = self.name(measure, "_mac" if is_mac(target) else "6" if ":" in target else "4")
            by_name.setdefault(name, []).append((measure, target))
        return [
            ({"family": family, "table": TABLE, "name": name}, own)
            for family in self.families
            for name, own in by_name.items()
        ]


def _add(what: str, value: dict[str, Any]) -> Command:
    return {"add": {what: value}}


def _rule(where: dict[str, str], chain: str, name: str, protocol: str, field: str) -> Command:
    payload = {"payload": {"protocol": protocol, "field": field}}
    match = {"match": {"op": "==", "left": payload, "right": f"@{name}"}}
    return _add("rule", {**where, "chain": chain, "expr": [match, {"drop": None}]})
