from pathlib import Path

from sklearn.ensemble import RandomForestClassifier

from redshank.learn.models.random_forest import RandomForest


def example(place: Path) -> RandomForest:  # noqa: ARG001  needs no files
    return RandomForest(trees=30)


def test_the_trees_are_those_of_its_name() -> None:
    assert RandomForest.kind is RandomForestClassifier
