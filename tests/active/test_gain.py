import pytest

from redshank.active.gain import Cost, Gain, Outlook, weighed


@pytest.mark.parametrize(
    ("answer", "point", "told"), [(-1.0, 1.0, "answer: -1.0 is not 0 or more"), (1.0, 0.0, "point: 0.0 is not above 0")]
)
def test_a_cost_out_of_range_is_refused(answer: float, point: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Cost(answer, point)


def test_an_outlook_is_weighed_against_what_answers_cost() -> None:
    found = Outlook(Gain(100, 1.25, 0.2, 3.0), "120 questions that chance drew")
    assert "advice" not in found.facts(None)
    assert found.facts(None)["in_words"] == str(found.gain)
    told = [found.facts(Cost(answer=0.5, point=point)) for point in (41, 39)]
    assert [one["advice"] for one in told] == ["ask on", "stop"]
    assert told[1]["points_that_pay"] == pytest.approx(50 / 39)
    unknown = Outlook(None, "too few").facts(None)
    assert weighed(unknown, Cost(0.5, 41)) == {"unknown": "too few"}
