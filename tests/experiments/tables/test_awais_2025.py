from pathlib import Path

from redshank.experiments.tables.awais_2025 import Awais2025


def example(place: Path) -> Awais2025:
    del place
    return Awais2025()
