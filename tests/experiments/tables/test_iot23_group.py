from pathlib import Path

from redshank.experiments.tables.iot23_group import Iot23Group


def example(place: Path) -> Iot23Group:
    del place
    return Iot23Group()
