import json

import pytest

from redshank.active.decision import ALL, Decision, Gate, Paired
from redshank.core.errors import ConfigError

FOUND = Decision(
    promote=True,
    reasons=("better",),
    gate=Gate(level=0.9),
    paired=(Paired(ALL, "macro_f1", 100, 0.8, 0.9, 0.05, 0.15), Paired(ALL, "fpr", 100, None, 0.1, None, None)),
    regression={ALL: (0, 3)},
    canaries=(7, 0),
    rows_needed=None,
    seed=3,
)


def test_a_decision_survives_the_way_through_json() -> None:
    assert Decision.from_json(FOUND.to_json()) == FOUND
    assert json.loads(json.dumps(FOUND.to_dict())) == FOUND.to_dict()


def test_a_figure_is_found_by_its_part_and_name() -> None:
    metric, fpr = FOUND.of(ALL, "macro_f1"), FOUND.of(ALL, "fpr")
    assert metric is not None
    assert fpr is not None
    assert metric.difference == pytest.approx(0.1)
    assert fpr.difference is None
    assert FOUND.of("later", "fpr") is None
    assert metric.row() == {
        "part": "all", "figure": "macro_f1", "champion": 0.8, "challenger": 0.9, "difference": metric.difference,
        "at_least": 0.05, "at_most": 0.15, "rows": 100,
    }  # fmt: skip


def test_a_decision_of_other_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="keys that do not fit: seed, verdict"):
        Decision.from_json(json.dumps({**{k: v for k, v in FOUND.to_dict().items() if k != "seed"}, "verdict": 1}))


def test_a_gate_of_wrong_settings_says_everything_that_is_wrong() -> None:
    with pytest.raises(ConfigError, match=r"metric: no 'macro_f2'; did you mean 'macro_f1'") as error:
        Gate("macro_f2", level=1.5, tolerance=-1)
    assert len(error.value.problems) == 3
