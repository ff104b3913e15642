from pathlib import Path

from redshank.experiments.tables.group_toniot import GroupToniot


def example(place: Path) -> GroupToniot:
    del place
    return GroupToniot()
