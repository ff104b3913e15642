import json
from dataclasses import asdict

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
    assert Evaluation.from_dict(json.loads(json.dumps(asdict(example()), allow_nan=False))) == example()


def test_decisions_are_found_by_rule() -> None:
    measures = example().vector
    assert measures.decision(ARGMAX) is measures.decisions[0]
    assert measures.decision("0.5") is None
