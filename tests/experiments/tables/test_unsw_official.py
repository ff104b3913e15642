from pathlib import Path

from redshank.experiments.tables.unsw_official import UnswOfficial


def example(place: Path) -> UnswOfficial:
    del place
    return UnswOfficial()
