from pathlib import Path

from redshank.experiments.tables.zoo_botiot import ZooBotiot


def example(place: Path) -> ZooBotiot:
    del place
    return ZooBotiot()
