"""Carry actions out in the kernel's packet filter, in tables of our own.

In: what is to hold. Out: elements of sets with a timeout, so that the kernel lifts them if we die. The one idea: one
batch is one run of `nft -j -f -`, JSON on its standard input and one transaction in the kernel: no text of ours is ever
read as a command line, and nothing is ever half done. Rules of other programs are neither read nor touched.

Needs CAP_NET_ADMIN and nftables 1.0 or later. Removing the tables by hand lifts everything: `nft delete table inet
redshank`, `nft delete table bridge redshank`.
Source: libnftables-json(5).
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redshank.core.errors import ActionError, ConfigError
from redshank.respond.backend import Backend, Hold
from redshank.respond.ruleset import TABLE, Command, Ruleset

NFT = ("nft", "-j", "-f", "-")
PATIENCE_S = 10.0
MOST_SHOWN = 300


@dataclass(frozen=True)
class Nftables(Backend):
    """Block, slow down and isolate with nftables.

    Args:
        bridges: Whether to filter what passes between ports of a bridge of this machine too; needs a kernel with
            nftables for bridges.
        packets_per_s: What an address that is slowed down may send, in packets per second, 1 to 1,000,000.

    Raises:
        ConfigError: If a value is not allowed.
    """

    bridges: bool = True
    packets_per_s: int = 50

    def __post_init__(self) -> None:
        """Refuse a rate that the kernel would."""
        if not 1 <= self.packets_per_s <= 1_000_000:
            raise ConfigError(f"nftables.packets_per_s: {self.packets_per_s} is not allowed; give 1 to 1,000,000")

    @property
    def rules(self) -> Ruleset:
        """The ruleset that goes with the settings."""
        return Ruleset.of(bridges=self.bridges, packets_per_s=self.packets_per_s)

    def load(self, holds: Sequence[Hold]) -> None:
        """Put them into the sets, in one transaction."""
        self._run([*self.rules.frame(), *self.rules.elements(holds)])

    def lift(self, keys: Sequence[tuple[str, str]]) -> None:
        """Take them out of the sets, in one transaction."""
        if keys:
            self._run([*self.rules.frame(), *self.rules.endings(keys)])

    def active(self) -> list[Hold]:
        """Read the sets. What is in the table of one family alone does not hold."""
        there = [item.get("table", {}) for item in self._run([{"list": {"tables": None}}])]
        if not {(family, TABLE) for family in self.rules.families} <= {
            (one.get("family"), one.get("name")) for one in there
        }:
            return []
        first, *others = (self._listed(family) for family in self.rules.families)
        return [
            replace(
                hold,
                packets=hold.packets + sum(other[key].packets for other in others),
                bytes=hold.bytes + sum(other[key].bytes for other in others),
            )
            for key, hold in first.items()
            if all(key in other for other in others)
        ]

    def flush(self) -> None:
        """Take our tables away."""
        self._run(self.rules.flushing())

    def _listed(self, family: str) -> dict[tuple[str, str], Hold]:
        # One run each: asked for both at once, nft 1.0.6 looks for one table in the other's family.
        listed = self._run([{"list": {"table": {"family": family, "name": TABLE}}}])
        return {hold.key: hold for hold in self.rules.holds(listed)}

    def _run(self, commands: list[Command]) -> list[dict[str, Any]]:
        try:
            done = subprocess.run(  # noqa: S603  fixed program and arguments
                NFT, input=self.rules.text(commands), capture_output=True, check=False,
                encoding="utf-8", errors="replace", timeout=PATIENCE_S,
            )  # fmt: skip
        except OSError as error:
            raise ActionError(
                f"nftables: `nft` cannot be run ({error.strerror}); install the package nftables, and nothing is done"
            ) from None
        except subprocess.TimeoutExpired:
            raise ActionError(
                f"nftables: `nft` did not answer within {PATIENCE_S:g} s; nothing is known to be done"
            ) from None
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())[:MOST_SHOWN] or f"exit code {done.returncode}"
            raise ActionError(
                f"nftables: the kernel refused ({said}); nothing was done. It needs CAP_NET_ADMIN; on a kernel without "
                "nftables for bridges set `bridges = false`"
            )
        try:
            answers = [json.loads(line)["nftables"] for line in done.stdout.splitlines() if line.strip()]
        except (KeyError, TypeError, ValueError):
            raise ActionError(f"nftables: `nft` answered what is no ruleset: {done.stdout[:40]!r}") from None
        return [item for answer in answers for item in answer]
