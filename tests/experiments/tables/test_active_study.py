from pathlib import Path

from redshank.experiments.tables.active_study import ActiveStudy


def example(place: Path) -> ActiveStudy:
    del place
    return ActiveStudy()
