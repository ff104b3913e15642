"""A labelled table as an explorer sees it: columns as they were written, each value numbered.

In: a `Labelled` dataset, or any CSV, TSV or Parquet file and the name of its label column. Out: `Table`.
The one idea: a column is its distinct values and a code per row. Look-ups, duplicates and cross-tabs need only codes;
numbers are parsed once per distinct value; and the text as written is still there, because formatting can give a label
away. Two million rows of 45 columns take about a gigabyte.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from redshank.core.errors import ConfigError, SourceError
from redshank.core.registry import alternatives
from redshank.core.schema import BENIGN
from redshank.data.clean import IDENTIFIERS
from redshank.data.dataset import Labelled
from redshank.data.spelling import MISSING, canonical

Codes = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

BENIGN_NAMES = frozenset({"benign", "normal", "0", "0.0", "false", "background", "none"})
"""How files call what is no attack."""
ADDRESSES = frozenset(
    {"srcip", "dstip", "saddr", "daddr", "idorigh", "idresph", "sourceip", "destinationip", "sourceaddress"}
    | {"destinationaddress", "srcmac", "dstmac", "smac", "dmac", "soui", "doui", "ip", "mac"}
)
PORTS = frozenset(
    {"srcport", "dstport", "sport", "dport", "idorigp", "idrespp", "sourceport", "destinationport", "dsport"}
)
OTHER_IDENTIFIERS = frozenset({"flowid", "timestamp", "date", "time", "starttime", "lasttime", "uniqueid", "index"})
"""Columns that name a device, a port, a row or a moment, without case and punctuation."""
TIMES = ("ts", "timestamp", "stime", "starttime", "time", "date", "datetime")
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p")
NO_LABEL = "(none)"
BLANK = "\N{OPEN BOX}"
ALL_ROWS = "all rows"


@dataclass(frozen=True)
class Field:
    """One column.

    Args:
        name: Its name.
        kind: "number", "text" or "time".
        values: Its distinct values as they were written. [m]
        codes: Which of them each row has; m where it has none. [n] int64
        numbers: Each distinct value as a number (a time in seconds), NaN where it is none, and NaN for no value; None
            for text. [m + 1]
        plain: Code of each distinct value's canonical spelling. [m + 1] int64
        absent: Whether a distinct value says that there is none ("-", "", null). [m + 1]
    """

    name: str
    kind: str
    values: pa.Array
    codes: Codes
    numbers: Doubles | None
    plain: Codes
    absent: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Number of codes, the one for no value included."""
        return len(self.values) + 1

    @property
    def merged(self) -> int:
        """How many distinct values are another spelling of one."""
        there = self.plain[~self.absent]
        return len(there) - len(np.unique(there))

    def row_numbers(self) -> Doubles:
        """Return the number in each row, NaN where there is none."""
        assert self.numbers is not None
        return self.numbers[self.codes]

    def row_values(self) -> tuple[Codes, int]:
        """Return a code per row such that equal values have equal codes, and the number of codes.

        A number is what it is worth, a text what is written.
        """
        if self.kind == "text" or not self.merged:
            return self.codes, self.size
        return self.plain[self.codes], int(self.plain.max()) + 1

    def text(self, code: int) -> str:
        """Return a value as text, with blanks that a page would not show as open boxes.

        Example:
            >>> column = pa.chunked_array([["high  "]])
            >>> found = _field("state", column)
            >>> found.text(0).count(BLANK), found.text(1)
            (2, 'no value')
        """
        text = "no value" if code == len(self.values) else str(self.values[code].as_py())
        return re.sub(r"^ +| +$| {2,}", lambda blanks: BLANK * len(blanks.group()), text)


@dataclass(frozen=True)
class Table:
    """A labelled table.

    Args:
        name: Of the dataset or file.
        fields: Its columns, the label not among them.
        y: Class of each row. [n] int64
        classes: Names of the classes; the benign one first, if there is one.
        benign: Whether the first class is benign.
        sha256: Of the content; empty if not known.
        notes: What a reader must know.
        left_out: Columns that are lists or records, which this does not look into.
    """

    name: str
    fields: tuple[Field, ...]
    y: Codes
    classes: tuple[str, ...]
    benign: bool
    sha256: str = ""
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    @property
    def labelled(self) -> bool:
        """Whether there is more than one class to tell apart."""
        return len(self.classes) > 1

    def time(self) -> Field | None:
        """Return the column that says when, if there is one."""
        found = {plain_name(field.name): field for field in self.fields if field.numbers is not None}
        kinds = [field for field in self.fields if field.kind == "time"]
        return next((found[name] for name in TIMES if name in found), kinds[0] if kinds else None)


def plain_name(name: str) -> str:
    """Return a column's name without case and punctuation.

    Example:
        >>> plain_name("Src IP"), plain_name("id.orig_h")
        ('srcip', 'idorigh')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def identifiers(names: Iterable[str], own: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return which columns name a device, a port, a row, a moment or the answer."""
    known = ADDRESSES | PORTS | OTHER_IDENTIFIERS | {plain_name(name) for name in IDENTIFIERS}
    return frozenset(name for name in names if name in own or plain_name(name) in known)


def from_labelled(labelled: Labelled) -> Table:
    """Return a dataset as it was read: its own table, or its flows if it has none."""
    table = labelled.raw
    if table is None:
        table = labelled.own.table if labelled.own is not None else pa.Table.from_batches([labelled.flows])
    there = [
        name for name, column in zip(table.column_names, table.columns, strict=True) if column.null_count < len(column)
    ]
    return _table(labelled.name, table.select(there), labelled.family.tolist(), BENIGN, labelled.sha256, labelled.notes)


def read_file(path: Path, label: str | None, benign: str | None) -> Table:
    """Read a CSV, TSV or Parquet file, plain or gzip.

    Args:
        path: The file.
        label: The column that says each row's class; None if there is none.
        benign: Which class is no attack; by its name (benign, normal, 0, ...) if None.

    Raises:
        ConfigError: If it has no such column or class.
        SourceError: If it cannot be read as a table.
    """
    try:
        table = _parquet(path) if path.suffix == ".parquet" else _text(path)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(f"{path}: cannot be read as a table ({str(error).splitlines()[0][:160]})") from None
    if not table.num_rows or not table.num_columns:
        raise SourceError(f"{path}: has no rows; give a table with a header and rows")
    families: list[str | None] = []
    if label is not None:
        if label not in table.column_names:
            raise ConfigError(f"--label: '{path}' has no column '{label}'; {alternatives(label, table.column_names)}")
        column = table.column(label).cast(pa.string())
        families = [None if one is None else one.strip() for one in column.to_pylist()]
        table = table.drop_columns([label])
    return _table(path.name, table, families, benign, sha256, ())


def _table(
    name: str, table: pa.Table, family: list[str | None], benign: str | None, sha256: str, notes: tuple[str, ...]
) -> Table:
    if family:
        texts = np.array([NO_LABEL if one is None or not one else one for one in family])
        names, y = np.unique(texts, return_inverse=True)
    else:
        names, y = np.array([ALL_ROWS]), np.zeros(table.num_rows, dtype=np.int64)
    classes = [str(one) for one in names]
    if benign is not None and family and benign not in classes:
        raise ConfigError(f"--benign: '{name}' has no class '{benign}'; {alternatives(benign, classes)}")
    found = benign if family else None
    if found is None and family:
        known = [one for one in classes if one.casefold() in BENIGN_NAMES]
        found = known[0] if len(known) == 1 else None
    order = sorted(range(len(classes)), key=lambda at: (classes[at] != found, classes[at]))
    place = np.empty(len(classes), dtype=np.int64)
    place[order] = np.arange(len(classes))
    fields, left_out = [], []
    for column in table.column_names:
        # Taken out of the table one by one, so that text and codes are not both there for all columns at once.
        field = _field(column, table.column(column))
        table = table.drop_columns([column])
        if field is None:
            left_out.append(column)
        else:
            fields.append(field)
    return Table(
        name,
        tuple(fields),
        place[y.astype(np.int64)],
        tuple(classes[at] for at in order),
        found is not None,
        sha256,
        notes,
        tuple(left_out),
    )


def _parquet(path: Path) -> pa.Table:
    return pa.parquet.read_table(path)


def _text(path: Path) -> pa.Table:
    """Read every column as text: what is written may tell more than its value."""
    with pa.input_stream(path, compression="gzip" if path.suffix == ".gz" else None) as stream:
        head = stream.read(1 << 16).split(b"\n")[0].decode("utf-8", errors="replace")
    delimiter = max(",\t;|", key=head.count)
    parse = pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=False)
    for encoding in ("utf8", "latin-1"):
        read = pa.csv.ReadOptions(encoding=encoding, block_size=1 << 23, use_threads=False)
        with pa.csv.open_csv(path, read_options=read, parse_options=parse) as reader:
            names = reader.schema.names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SourceError(f"{path}: column '{repeated[0]}' is there twice; give each its own name")
        convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        try:
            return pa.csv.read_csv(path, read, parse, convert)
        except pa.ArrowInvalid as error:
            if encoding == "latin-1" or "UTF8" not in str(error):
                raise
    raise AssertionError


def _field(name: str, column: pa.ChunkedArray) -> Field | None:
    if pa.types.is_nested(column.type):
        return None
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    coded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], column.type).dictionary_encode()
    values = coded.dictionary
    codes = coded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int64)
    m = len(values)
    absent = np.zeros(m + 1, dtype=bool)
    absent[m] = True
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        kind = "time" if pa.types.is_temporal(values.type) else "number"
        numbers = np.append(_numbers(values), np.nan)
        return Field(name, kind, values, codes, numbers, np.arange(m + 1), absent | np.isnan(numbers))
    texts = values.to_pylist()
    absent[:m] = [text.strip().casefold() in MISSING for text in texts]
    parsed = _parsed(texts, absent[:m])
    if parsed is not None:
        numbers = np.append(parsed, np.nan)
        distinct, plain = np.unique(numbers, return_inverse=True)
        if len(distinct) == m + 1:  # one text per number: the text tells nothing more
            return Field(name, "number", pa.array(parsed), codes, numbers, np.arange(m + 1), absent)
        return Field(name, "number", values, codes, numbers, plain.astype(np.int64), absent)
    seconds = _seconds(values) if plain_name(name) in TIMES else None
    if seconds is not None:
        return Field(name, "time", values, codes, np.append(seconds, np.nan), np.arange(m + 1), absent)
    spellings = np.unique(np.array(canonical(texts), dtype=np.str_), return_inverse=True)
    return Field(name, "text", values, codes, None, np.append(spellings[1], len(spellings[0])).astype(np.int64), absent)


def _numbers(values: pa.Array) -> Doubles:
    if pa.types.is_temporal(values.type):
        values = _since_epoch(values)
    numbers: Doubles = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _since_epoch(values: pa.Array) -> pa.Array:
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(values.type):
        return pc.divide(values.cast(pa.timestamp("ns")).cast(pa.int64()).cast(pa.float64(), safe=False), 1e9)
    return values.cast(pa.int64() if values.type.bit_width == 64 else pa.int32())


def _parsed(texts: list[str], absent: npt.NDArray[np.bool_]) -> Doubles | None:
    """Return texts as numbers, NaN where one says that there is none; None if one is no number, or none is there."""
    if absent.all():
        return None
    numbers = np.full(len(texts), np.nan)
    try:
        for at in np.flatnonzero(~absent):
            numbers[at] = float(texts[at])
    except ValueError:
        return None
    return None if np.isnan(numbers[~absent]).any() else numbers


def _seconds(values: pa.Array) -> Doubles | None:
    """Return texts as times in seconds; None if they are none that we know."""
    for form in FORMATS:
        try:
            times = pc.strptime(values, format=form, unit="s")
        except pa.ArrowInvalid:
            continue
        found: Doubles = times.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64)
        return found
    return None
