"""Injection: inert markers in the query, the form and the login of the lab's own web application.

Nothing behind the application can be injected into: it compares strings and answers with a made-up page.
"""

import random
import urllib.parse
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.scene import Scene, fetch

MARKERS = (
    "' OR '1'='1",
    "' OR 1=1 -- ",
    "'; marker -- ",
    "') OR ('a'='a",
    "1' AND marker=(marker) AND 'x'='x",
)


class Injection(Attack):
    """Send quotes where words are expected, as scanners for this fault do."""

    variants: ClassVar = ("get", "post")
    victims: ClassVar = dict.fromkeys(variants, ("hub",))
    episodes: ClassVar = 5

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Try markers one after the other."""
        host = scene.hosts[episode.attackers[0]]
        target = address_of(scene.hosts[episode.victim], host, rng)
        several = rng.choice((1, 1, 2))
        async for _ in pace(rng, amount(episode, rng, 18, 30), rng.uniform(3, 15)):
            requests = []
            for _ in range(several):
                # Tools try one column after the other, so these become long.
                union = f"x' UNION SELECT {','.join(['marker'] * rng.randint(1, 30))} -- "
                marker = urllib.parse.quote_plus(rng.choice((*MARKERS, union, union, union)))
                if episode.variant == "get":
                    requests.append(("GET", f"/search?q={marker}", b""))
                else:
                    requests.append(("POST", "/login", f"user={marker}&password=x".encode()))
            await fetch(
                scene, host, target, scene.ports["web"], requests, self.intent(f"injection by {episode.variant}")
            )
