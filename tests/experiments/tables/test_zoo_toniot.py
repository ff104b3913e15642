from pathlib import Path

from redshank.experiments.tables.zoo_toniot import ZooToniot


def example(place: Path) -> ZooToniot:
    del place
    return ZooToniot()
