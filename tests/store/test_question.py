import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import flows
from drawn import examples
from questions import questions
from redshank.core.schema import FLOW, flow_batch
from redshank.features.feature_set import FEATURE_SETS
from redshank.store.question import flow_rows, flow_values, from_row, identity, to_row


def test_a_question_survives_the_store_as_it_is() -> None:
    for asked in questions():
        assert from_row(to_row(asked)) == asked


def test_features_computed_again_are_those_that_the_bundle_saw() -> None:
    made = questions()
    again = FEATURE_SETS.find("conn")().encode(flow_rows([asked.flow for asked in made]))
    assert np.array_equal(again, np.stack([asked.values for asked in made]), equal_nan=True)


@settings(max_examples=examples(30), deadline=None)
@given(
    ts=st.none() | st.integers(-(2**62), 2**62),
    text=st.none() | st.text(st.characters(codec="utf-8")),
    duration=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    gaps=st.none() | st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)),
    flag=st.none() | st.booleans(),
)
def test_every_value_of_a_flow_comes_back(
    *, ts: int | None, text: str | None, duration: float | None, gaps: list[float] | None, flag: bool | None
) -> None:
    batch = flow_batch({"ts": [ts], "uid": [text], "duration": [duration], "first_gaps_s": [gaps], "dns_AA": [flag]}, 1)
    assert flow_rows(flow_values(batch)).equals(batch)


def test_what_was_posted_stands_in_no_question() -> None:
    flows = flow_batch({"uid": ["C1"], "http_post_body": ["user=ana&pass=it's"]}, 1)
    assert flow_values(flows) == [{"uid": "C1"}]


def test_a_field_that_flow_does_not_have_any_more_is_left_out() -> None:
    assert flow_rows([{"proto": "tcp", "mood": "good"}]).schema.equals(FLOW)


def test_two_flows_are_two_questions_and_one_flow_is_one() -> None:
    values = flow_values(pa.concat_batches([flows(["benign", "dos"]), flows(["benign"])]))
    one, other, again = map(identity, values)
    assert one == again != other
