from pathlib import Path

from redshank.experiments.tables.mahdi_2024 import Mahdi2024


def example(place: Path) -> Mahdi2024:
    del place
    return Mahdi2024()
