"""What people typed into a form: it is judged as it goes by, and kept nowhere.

In: FLOW rows. Out: the same without the columns in WITHHELD. The one idea: a rule must see a body that is posted to
find what is injected there, but a good password has the same characters in it. So whatever outlives a batch (archive,
questions, batches kept aside, reasons of alerts) goes without.
"""

import pyarrow as pa

WITHHELD = ("http_post_body",)


def withheld(flows: pa.RecordBatch) -> pa.RecordBatch:
    """Return FLOW rows in which nothing stands that is not to be kept.

    Example:
        >>> withheld(pa.RecordBatch.from_pydict({"http_post_body": ["user=a&pass=it's"], "uid": ["C1"]})).to_pylist()
        [{'http_post_body': None, 'uid': 'C1'}]
    """
    for name in WITHHELD:
        at = flows.schema.get_field_index(name)
        if at >= 0 and flows.column(at).null_count < flows.num_rows:
            flows = flows.set_column(at, flows.schema.field(at), pa.nulls(flows.num_rows, flows.schema.field(at).type))
    return flows
