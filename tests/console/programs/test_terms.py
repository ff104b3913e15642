from redshank.console.programs.terms import Terms
from redshank.core.allowance import CONDITIONS


def test_every_condition_of_an_allowance_can_be_sent() -> None:
    assert set(Terms.model_fields) == set(CONDITIONS)
