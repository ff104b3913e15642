"""Cross-site scripting: inert script markers in comments of the lab's own web application, which sends them back.

No browser ever reads these pages.
"""

import random
import urllib.parse
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.scene import Scene, fetch

MARKERS = (
    "<script>marker</script>",
    "<img src=x onerror=marker>",
    '"><svg onload=marker>',
    "<body onload=marker()>",
    "<a href='javascript:marker'>look</a>",
)


class Xss(Attack):
    """Leave markers in comments and look whether they come back."""

    variants: ClassVar = ("get", "post")
    victims: ClassVar = dict.fromkeys(variants, ("hub",))
    episodes: ClassVar = 5

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Leave markers one after the other."""
        host = scene.hosts[episode.attackers[0]]
        target = address_of(scene.hosts[episode.victim], host, rng)
        several = rng.choice((1, 1, 2))
        async for _ in pace(rng, amount(episode, rng, 18, 30), rng.uniform(3, 15)):
            requests = []
            for _ in range(several):
                filler = "".join(rng.choices(MARKERS, k=rng.randint(1, 9)))
                text = urllib.parse.quote_plus(filler)
                if episode.variant == "get":
                    requests.append(("GET", f"/comment?text={text}", b""))
                else:
                    requests.append(("POST", "/comment", f"text={text}".encode()))
            await fetch(scene, host, target, scene.ports["web"], requests, self.intent(f"xss by {episode.variant}"))
