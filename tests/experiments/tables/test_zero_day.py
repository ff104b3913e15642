from pathlib import Path

from redshank.experiments.tables.zero_day import ZeroDay


def example(place: Path) -> ZeroDay:
    del place
    return ZeroDay()
