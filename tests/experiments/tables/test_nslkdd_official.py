from pathlib import Path

from redshank.experiments.tables.nslkdd_official import NslkddOfficial


def example(place: Path) -> NslkddOfficial:
    del place
    return NslkddOfficial()
