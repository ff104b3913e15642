import pyarrow as pa

from redshank.core.schema import FLOW
from redshank.flows.payload.tls_fields import FIELDS, finish

KINDS = {"text": pa.string(), "bytes": pa.binary(), "number": pa.int64(), "flag": pa.bool_()}


def test_numbers_get_their_names() -> None:
    raw = {name: pa.nulls(2, KINDS[kind]) for name, kind in FIELDS.items()}
    raw |= {name: pa.array([None, value]) for name, value in (("version", 0x0304), ("suite", 0x1301), ("group", 29))}
    columns = finish(raw)
    assert set(columns) <= set(FLOW.names)
    assert columns["ssl_version"].to_pylist() == [None, "TLSv13"]
    assert columns["ssl_cipher"].to_pylist() == [None, "TLS_AES_128_GCM_SHA256"]
    assert columns["ssl_curve"].to_pylist() == [None, "x25519"]
    assert columns["ssl_ja4"].null_count == 2
