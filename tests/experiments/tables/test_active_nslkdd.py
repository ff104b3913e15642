from pathlib import Path

from redshank.experiments.tables.active_nslkdd import ActiveNslkdd


def example(place: Path) -> ActiveNslkdd:
    del place
    return ActiveNslkdd()
