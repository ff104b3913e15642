from redshank.core.schema import FLOW, flow_batch
from redshank.flows.withheld import WITHHELD, withheld


def test_what_is_posted_is_gone_and_all_else_stays() -> None:
    flows = flow_batch({"uid": ["C1", "C2"], "http_post_body": ["pass=it's", None], "http_uri": ["/login", "/"]}, 2)
    kept = withheld(flows)
    assert kept.schema == FLOW
    assert kept.drop_columns(["http_post_body"]) == flows.drop_columns(["http_post_body"])
    assert kept.column("http_post_body").null_count == 2


def test_rows_without_it_are_not_copied() -> None:
    flows = flow_batch({"uid": ["C1"]}, 1)
    assert withheld(flows) is flows
    assert withheld(flows.select(["uid"])).num_rows == 1


def test_every_column_that_is_withheld_is_one_of_a_flow() -> None:
    assert set(WITHHELD) <= set(FLOW.names)
