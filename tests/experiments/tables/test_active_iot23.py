from pathlib import Path

from redshank.experiments.tables.active_iot23 import ActiveIot23


def example(place: Path) -> ActiveIot23:
    del place
    return ActiveIot23()
