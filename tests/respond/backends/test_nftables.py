from pathlib import Path

from redshank.respond.backends.nftables import Nftables


def example(place: Path) -> Nftables:
    del place
    return Nftables()
