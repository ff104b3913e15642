import json

from redshank.learn.evaluation import ARGMAX, Decision, Evaluation, FamilyFigures, Measures
from redshank.learn.measures import Bin, ClassFigures


def example() -> Evaluation:
    decision = Decision(
        ARGMAX, None, 2.0, 1.0, 0.5, 0.01, 0.99, None, None, "", 43_200.0, {"0.01": None}, {"0.01": None}
    )
    measures = Measures(
        2.0,
        {"accuracy": 0.5, "mcc": None},
        (ClassFigures("benign", 2.0, 1.0, 0.5, None, 2 / 3),),
        ((1.0, 1.0), (0.0, 0.0)),
        (decision,),
    )
    return Evaluation(
        task_classes=("benign", "attack"),
        vector=measures,
        row=measures,
        intervals={"accuracy": (0.1, 0.9), "mcc": None},
        families=(FamilyFigures("benign", 2, known=True, recall={ARGMAX: 0.5}),),
        unknown={"benign": 0.0, "attack": None},
        reliability=(Bin(0.2, 0.1, 2.0),),
        roc=((0.0, 0.0), (1.0, 1.0)),
        pr=(),
        flows_per_s=1.0,
    )


def test_round_trip_gives_the_same_record() -> None:
    assert Evaluation.from_json(example().to_json()) == example()


def test_what_cannot_be_known_is_null() -> None:
    values = json.loads(example().to_json())
    assert values["vector"]["headline"]["mcc"] is None
    assert values["vector"]["classes"][0]["specificity"] is None


def test_decisions_are_found_by_rule() -> None:
    measures = example().vector
    assert measures.decision(ARGMAX) is measures.decisions[0]
    assert measures.decision("0.5") is None
