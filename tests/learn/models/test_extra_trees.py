from pathlib import Path

from sklearn.ensemble import ExtraTreesClassifier

from redshank.learn.models.extra_trees import ExtraTrees


def example(place: Path) -> ExtraTrees:  # noqa: ARG001  needs no files
    return ExtraTrees(trees=30)


def test_the_trees_are_those_of_its_name() -> None:
    assert ExtraTrees.kind is ExtraTreesClassifier
