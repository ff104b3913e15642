from pathlib import Path

from redshank.experiments.tables.active_toniot import ActiveToniot


def example(place: Path) -> ActiveToniot:
    del place
    return ActiveToniot()
