from pathlib import Path

from redshank.experiments.tables.cross_dataset import CrossDataset


def example(place: Path) -> CrossDataset:
    del place
    return CrossDataset()
