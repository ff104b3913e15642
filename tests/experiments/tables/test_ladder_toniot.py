from pathlib import Path

from redshank.experiments.tables.ladder_toniot import LadderToniot


def example(place: Path) -> LadderToniot:
    del place
    return LadderToniot()
