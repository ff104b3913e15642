from collections import Counter

import pyarrow as pa

from redshank.core.schema import flow_batch
from redshank.flows.records.log_file import Piece
from redshank.flows.records.zeek_join import Applications, Beside
from redshank.flows.records.zeek_log import ZeekLog
from redshank.flows.records.zeek_logs import CERTIFICATES, LOGS

NAMES = {name: {"ts": "ts", "uid": "uid", **columns} for name, columns in LOGS.items()} | {
    "x509": {"ts": "ts", **CERTIFICATES}
}


class Given:
    """Pieces of one log that are read one at a time."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = [Piece(rows.encode(), at == 0, "log") for at, rows in enumerate(pieces)]

    def read(self) -> Piece | None:
        return self.pieces.pop(0) if self.pieces else None


def beside(name: str, *pieces: str, capacity: int = 100) -> tuple[Beside, Given, Counter[str]]:
    counts: Counter[str] = Counter()

    def count(what: str, amount: int) -> None:
        counts[what] += amount

    lines = Given(*pieces)
    return Beside(ZeekLog(lines, name, NAMES[name], count), name, count, capacity), lines, counts


def flows(uids: list[str], services: list[str | None] | None = None) -> pa.RecordBatch:
    return flow_batch({"uid": uids, "service": services or [None] * len(uids)}, rows=len(uids))


def test_the_first_row_of_a_uid_speaks_for_its_connection() -> None:
    dns, _, _ = beside(
        "dns",
        '{"ts":1,"uid":"C1","query":"first","qtype":1}\n{"ts":2,"uid":"C1","query":"second","qtype":28,"AA":true}\n',
        '{"ts":3,"uid":"C1","query":"third"}\n',
    )
    applications = Applications({"dns": dns})
    applications.advance(None)
    (row, other) = applications.join(flows(["C1", "C2"])).to_pylist()
    assert (row["dns_query"], row["dns_qtype"], row["dns_AA"], other["dns_query"]) == ("first", 1, None, None)


def test_a_log_is_read_no_further_than_the_connections_need() -> None:
    pieces = [f'{{"ts":{second},"uid":"C{second}","method":"GET"}}\n' for second in range(10)]
    http, lines, _ = beside("http", *pieces)
    applications = Applications({"http": http})
    applications.advance(3 * 10**9)
    assert len(lines.pieces) == 5
    assert applications.join(flows(["C3", "C9"])).column("http_method").to_pylist() == ["GET", None]
    applications.advance(None)
    assert applications.join(flows(["C9"])).column("http_method").to_pylist() == ["GET"]


def test_a_row_with_a_strange_time_neither_stops_nor_drives_the_reading() -> None:
    first = "".join(f'{{"ts":{second},"uid":"C{second}"}}\n' for second in (1, 2, 9_000_000, 3, 4))
    weird, lines, _ = beside("weird", first, '{"ts":5,"uid":"C5","name":"x"}\n', '{"ts":99,"uid":"C6"}\n')
    weird.advance(4 * 10**9)
    assert len(lines.pieces) == 1


def test_rows_that_no_connection_takes_are_evicted_oldest_first_and_counted() -> None:
    rows = "".join(f'{{"ts":1,"uid":"C{number}","host":"h"}}\n' for number in range(10))
    http, _, counts = beside("http", rows, capacity=4)
    http.advance(None)
    assert counts == {"application_row_evicted": 6}
    assert Applications({"http": http}).join(flows(["C5", "C6"])).column("http_host").to_pylist() == [None, "h"]


def test_subject_and_issuer_come_from_the_first_certificate_of_the_chain() -> None:
    ssl, _, _ = beside(
        "ssl",
        '{"ts":1,"uid":"C1","cert_chain_fps":["aa","bb"]}\n{"ts":1,"uid":"C2","cert_chain_fuids":["F2"]}\n'
        '{"ts":1,"uid":"C3","cert_chain_fps":["aa"],"subject":"said here"}\n{"ts":1,"uid":"C4"}\n',
    )
    x509, _, _ = beside(
        "x509",
        '{"ts":1,"fingerprint":"bb","certificate.subject":"CN=ca"}\n'
        '{"ts":1,"fingerprint":"aa","certificate.subject":"CN=leaf","certificate.issuer":"CN=ca"}\n'
        '{"ts":1,"id":"F2","certificate.subject":"CN=old"}\n',
    )
    applications = Applications({"ssl": ssl, "x509": x509})
    applications.advance(None)
    found = applications.join(flows(["C1", "C2", "C3", "C4"]))
    assert found.column("ssl_subject").to_pylist() == ["CN=leaf", "CN=old", "said here", None]
    assert found.column("ssl_issuer").to_pylist() == ["CN=ca", None, "CN=ca", None]


def test_a_connection_awaits_the_rows_of_the_services_that_are_logged() -> None:
    dns, _, _ = beside("dns", '{"ts":1,"uid":"C1"}\n')
    applications = Applications({"dns": dns})
    applications.advance(None)
    services = ["dns", "krb,dns", "http", None]
    assert applications.awaited(flows(["C1", "C2", "C3", "C4"], services)).to_pylist() == [False, True, False, False]
