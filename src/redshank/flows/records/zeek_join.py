"""Zeek's logs of applications beside its conn.log: their rows joined to the connections by uid.

In: dns.log, http.log, ssl.log (with x509.log), mqtt_connect.log and weird.log of the same folder, read side by side
with the connections. Out: FLOW batches with their columns of applications filled; the first row of a uid speaks.
A log of an application is read until its rows begin a minute later than the last of the connections ended, so that what
is in memory is what is under way; rows wait in a table of bounded size, and the oldest go when it is full.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import FLOW
from redshank.flows.records.columns import Count, numbers, times
from redshank.flows.records.join import CAPACITY, Waiting, merged
from redshank.flows.records.zeek_log import Texts, ZeekLog
from redshank.flows.records.zeek_logs import CERTIFICATES, CHAIN, FILES, LOGS, SERVICES, application_columns

AHEAD_NS = 60 * 10**9
"""How much later than the end of a connection Zeek may still write a row for it: its timeout for UDP."""

_TEXT = pa.string()


class Beside:
    """One log of an application, read beside conn.log.

    Args:
        log: The log, with columns as in `zeek_logs.LOGS` and `ts` and `uid`.
        name: Zeek's name of it.
        count: Called with the name of an anomaly and how often it occurred.
        capacity: Rows that wait at once.
    """

    def __init__(self, log: ZeekLog, name: str, count: Count, capacity: int = CAPACITY) -> None:
        self._log = log
        self._count = count
        self._reached_ns = 0
        self._schema = pa.schema(
            [
                (column, FLOW.field(column).type if column in FLOW.names else _TEXT)
                for column in sorted(set((LOGS | {"x509": CERTIFICATES})[name].values()))
            ]
        )
        self._key = CHAIN if name == "x509" else "uid"
        self.waiting = Waiting(self._schema, capacity)
        self.files = Waiting(self._schema, capacity)

    def advance(self, until_ns: int | None) -> None:
        """Read on until rows are later than `until_ns`; None: all that is there."""
        while until_ns is None or self._reached_ns <= until_ns:
            found = self._log.read()
            if found is None:
                return
            for texts, rows in found:
                self._add(texts, rows)

    def _add(self, texts: Texts, rows: int) -> None:
        begun = numbers(times(texts.pop("ts", pa.nulls(rows, _TEXT))))
        # The middle one: a single row with a strange time neither stops us nor drives us on.
        self._reached_ns = int(np.median(begun)) if rows else self._reached_ns
        keys = texts.get(self._key, pa.nulls(rows, _TEXT))
        columns = application_columns({name: text for name, text in texts.items() if name != "uid"}, self._count)
        arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in self._schema]
        records = pa.record_batch(arrays, schema=self._schema)
        evicted = self.waiting.add(keys, records)
        if self._key == CHAIN:
            evicted += self.files.add(texts.get(FILES, pa.nulls(rows, _TEXT)), records)
        if evicted:
            self._count("application_row_evicted", evicted)


class Applications:
    """The logs of applications of one folder.

    Args:
        logs: By Zeek's name, what reads the log.
    """

    def __init__(self, logs: dict[str, Beside]) -> None:
        self._logs = {name: log for name, log in logs.items() if name != "x509"}
        self._certificates = logs.get("x509")

    def advance(self, until_ns: int | None) -> None:
        """Read on, as `Beside.advance`."""
        for log in self._all():
            log.advance(until_ns)

    def join(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Return the flows with what the logs say of them; what was read must reach past their end."""
        for name, log in self._logs.items():
            records = log.waiting.take(flows.column("uid"))
            if name == "ssl" and self._certificates is not None:
                records = _certified(records, self._certificates)
            flows = merged(flows, records)
        return flows

    def awaited(self, flows: pa.RecordBatch) -> pa.BooleanArray:
        """Return which flows have a service that is logged, and no row of that log yet."""
        service = pc.binary_join_element_wise(",", flows.column("service"), ",", "")
        missing = pa.array([False] * len(flows), pa.bool_())
        for name, log in SERVICES.items():
            if log in self._logs:
                speaks = pc.fill_null(pc.match_substring(service, f",{name},"), fill_value=False)
                missing = pc.or_(missing, pc.and_not(speaks, self._logs[log].waiting.has(flows.column("uid"))))
        return missing

    def _all(self) -> Iterable[Beside]:
        return [*self._logs.values(), *([] if self._certificates is None else [self._certificates])]


def _certified(records: pa.Table, certificates: Beside) -> pa.Table:
    """Fill subject and issuer from the first certificate of the server's chain."""
    for column, waiting in ((CHAIN, certificates.waiting), (FILES, certificates.files)):
        first = pc.struct_field(pc.extract_regex(records.column(column), r"^(?P<first>[^,]+)"), "first")
        found = waiting.take(first.combine_chunks(), keep=True)
        for name in ("ssl_subject", "ssl_issuer"):
            filled = pc.coalesce(records.column(name), found.column(name))
            records = records.set_column(records.schema.get_field_index(name), name, filled)
    return records
