"""Published tables, believed by the sha256 of their uncompressed content.

In: a folder or file, and what was published (`Published`). Out: the columns as read, a family per row, and the rows in
canonical form. The one idea: most copies of a public dataset on the web were cut, saved again by a spreadsheet or
made up, and nothing but the hash tells; of a file that is not the published one it is said in what it differs.

`canonical` takes away formatting that gives labels away (blanks around a text, `true` beside `1`) and the marker of
an absent value; which columns are what, each dataset says.
"""

import gzip
import hashlib
import re
import zlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from redshank.core.errors import SourceError
from redshank.core.schema import BENIGN, flow_batch
from redshank.data.dataset import Dataset, Labelled, Own

INDEX = "index"
"""What a column without a name is called."""
TRUE = ("1", "true", "t")
UNSW_CANBERRA = "UNSW Canberra: free for academic research with citation; commercial use needs the authors' permission"
SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons"}


@dataclass(frozen=True)
class Published:
    """A file as it was published.

    Args:
        name: What it is called; it may be compressed, with .gz behind the name.
        sha256: Of its uncompressed content.
        columns: Names in order; a column without a name is `INDEX`.
        text: The columns that are no numbers.
        label: The column of classes.
        counts: Rows by family.
        answers: Other columns that say the class, or were made from it.
        split: Its part of the dataset's own split, "train" or "test". Files with one split are different releases of
            the same; those with different splits belong together.
        separator: What is between columns; the first of SEPARATORS that its first line has, if empty.
        header: Whether its first line names the columns.
        what: What it is, for a reader of results.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]
    text: frozenset[str]
    label: str
    counts: Mapping[str, int]
    answers: tuple[str, ...] = ()
    split: str = ""
    separator: str = ","
    header: bool = True
    what: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Verified(Dataset):
    """A dataset that is published as files which are known by their hash.

    Args:
        files: What is believed to be this part; what the class knows of it if absent.
    """

    published: ClassVar[Mapping[str, tuple[Published, ...]]]
    """The files of each part."""
    classes: ClassVar[Mapping[str, str]]
    """Family by the dataset's own name of the class: total over all its files."""

    files: tuple[Published, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check the part, and look its files up."""
        super().__post_init__()
        if not self.files:
            object.__setattr__(self, "files", self.published[self.part])

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by family that are expected; of several releases, of the first."""
        firsts = {file.split: file for file in reversed(self.files)}
        return sum((Counter(file.counts) for file in firsts.values()), Counter[str]())

    @property
    def what(self) -> str:
        """What it is, in a few words."""
        return self.files[0].what

    def here(self, path: Path) -> bool:
        """Whether every file that it needs lies at `path`."""
        return all(_named(path, known) or path.is_file() for known in self._needed())

    def difference(self, content: bytes, known: tuple[Published, ...]) -> str:
        """Say in a few words how a file of unknown content differs from what was published."""
        return difference(content, known, self.classes)

    def _needed(self) -> list[tuple[Published, ...]]:
        splits = dict.fromkeys(file.split for file in self.files)
        return [tuple(file for file in self.files if file.split == split) for split in splits]

    def _verified(self, path: Path, known: tuple[Published, ...]) -> tuple[bytes, Published]:
        file = self._file(path, known)
        try:
            content = file.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"{self.full_name}: cannot read '{file}' ({error}); fetch it again") from None
        sha256 = hashlib.sha256(content).hexdigest()
        found = next((one for one in known if one.sha256 == sha256), None)
        if found is None:
            raise SourceError(f"{self.full_name}: {file.name} {self.difference(content, known)}")
        return content, found

    def _file(self, path: Path, known: tuple[Published, ...]) -> Path:
        names = [file.name for file in self.files]
        wanted = " and ".join(dict.fromkeys(names))
        if path.is_dir():
            found = _named(path, known)
            if found is None:
                raise SourceError(
                    f"{self.full_name}: folder '{path}' holds no {known[0].name} or {known[0].name}.gz; "
                    "fetch it, or name the file itself"
                )
            return found
        if not path.is_file():
            raise SourceError(f"{self.full_name}: no file '{path}'; name {wanted}, or the folder that holds it")
        if len(self._needed()) > 1:
            raise SourceError(f"{self.full_name}: '{path}' is one file; name the folder that holds {wanted}")
        return path


@dataclass(frozen=True)
class Tabular(Verified):
    """A dataset that is published as tables: its rows are in its own columns."""

    features: ClassVar[str] = "own"

    def load(self, path: Path) -> Labelled:
        """Read and verify the files.

        Args:
            path: The folder that holds them under their own names; the file itself if there is only one.

        Raises:
            SourceError: If one is not as published; what differs is named.
        """
        needed = self._needed()
        both = hashlib.sha256()
        expected = Counter[str]()
        tables, splits, notes, sha256 = [], [], [], ""
        for known in needed:
            content, file = self._verified(path, known)
            sha256 = file.sha256
            if len(needed) > 1:
                both.update(content)
                sha256 = both.hexdigest()
            table = self.parse(content, file)
            tables.append(table)
            splits.append(np.full(table.num_rows, file.split))
            notes.append(file.what)
            expected.update(file.counts)
        table = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
        answers = self.files[0]
        kinds = table[answers.label].combine_chunks().cast(pa.string()).dictionary_encode()
        families = np.array([self.classes[name] for name in kinds.dictionary.to_pylist()], dtype=np.str_)
        family = families[kinds.indices.to_numpy()]
        counts = Counter(dict(zip(*(found.tolist() for found in np.unique(family, return_counts=True)), strict=True)))
        if unlike := _unlike(counts, expected):
            raise SourceError(f"{self.full_name}: hash as published, but other counts: {unlike}")
        rest = table.drop_columns([answers.label, *answers.answers])
        own = self.own(rest)
        return Labelled(
            self.flows(own),
            family,
            rest,
            sha256,
            self.full_name,
            (*dict.fromkeys(note for note in notes if note), *self.notes()),
            own,
            np.concatenate(splits) if len(needed) > 1 else None,
            kind=np.array(kinds.dictionary.to_pylist(), dtype=np.str_)[kinds.indices.to_numpy()],
        )

    def parse(self, content: bytes, known: Published) -> pa.Table:
        """Read content that was verified; columns are numbers or text."""
        first = 1 if known.header else 0
        return pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(column_names=list(known.columns), skip_rows=first),
            parse_options=pa.csv.ParseOptions(delimiter=_separator(content, known)),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(known.text, pa.string()), strings_can_be_null=False
            ),
        )

    @abstractmethod
    def own(self, table: pa.Table) -> Own:
        """Return the rows in canonical form.

        Args:
            table: The columns as read, without the answers.
        """

    def flows(self, own: Own) -> pa.RecordBatch:
        """Return the rows as flows, where they mean the same; all null otherwise."""
        return flow_batch({}, own.table.num_rows)

    def notes(self) -> tuple[str, ...]:
        """What a reader of a result must know beside what the files are."""
        return ()


def _named(path: Path, known: tuple[Published, ...]) -> Path | None:
    if not path.is_dir():
        return None
    names = {name for file in known for name in (file.name.lower(), f"{file.name}.gz".lower())}
    return next((file for file in sorted(path.iterdir()) if file.name.lower() in names), None)


def _separator(content: bytes, known: Published) -> str:
    line = content[: content.find(b"\n")]
    return known.separator or next((sign for sign in SEPARATORS if sign.encode() in line), ",")


def difference(content: bytes, releases: Sequence[Published], classes: Mapping[str, str]) -> str:
    """Say in a few words how a file of unknown content differs from what was published.

    Args:
        content: The file, uncompressed.
        releases: What was published; the nearest is compared.
        classes: Family by the dataset's own name of the class.
    """
    if any(_saved_again(content) & {known.sha256} for known in releases):
        return "has the rows as published with other line ends or byte-order mark; use the file as published"
    known = releases[0]
    sign = _separator(content, known)
    sha256 = hashlib.sha256(content).hexdigest()
    if b"\0" in content[:4096]:
        return (
            f"is no text: sha256 {sha256[:12]}..., not {known.sha256[:12]}...; give the file {known.name} as published"
        )
    line = (content[: content.find(b"\n")] if b"\n" in content else content).decode("utf-8-sig", errors="replace")
    names = [name or INDEX for name in line.strip("\r\n").split(sign)]
    if len(names) == 1 and (other := next((s for s in SEPARATORS if line.count(s) + 1 == len(known.columns)), None)):
        return f"has {SEPARATORS[other]} between columns, the dataset has {SEPARATORS[sign]}; use the file as published"
    missing = next((name for name in known.columns if name not in names), None) if known.header else None
    strange = next((name for name in names if not any(name in one.columns for one in releases)), None)
    counted = f"has {len(names)} column{'s' * (len(names) != 1)}, the dataset has {len(known.columns)}"
    if missing is not None:
        return f"{counted}; first missing: '{missing}'. Give the file {known.name} as published"
    if known.header and strange is not None:
        return f"{counted}; not among them: '{strange[:40]}'. Give the file {known.name} as published"
    if not known.header and len(names) != len(known.columns):
        return f"{counted}, and no header. Give the file {known.name} as published"
    try:
        labels = pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(column_names=None if known.header else list(known.columns)),
            parse_options=pa.csv.ParseOptions(delimiter=sign),
            convert_options=pa.csv.ConvertOptions(
                column_types={known.label: pa.string()}, strings_can_be_null=False, include_columns=[known.label]
            ),
        )[known.label]
    except pa.ArrowInvalid as error:
        return f"is damaged ({str(error).splitlines()[0][:120]}); fetch it again"
    counts = Counter[str]()
    for pair in pc.value_counts(labels).to_pylist():
        counts[classes.get(pair["values"], pair["values"])] += pair["counts"]
    known = min(releases, key=lambda release: abs(release.rows - len(labels)))
    if unlike := _unlike(counts, known.counts):
        return f"has {len(labels):,} rows, the nearest release {known.rows:,}; other counts: {unlike}. Use a release"
    return (
        f"has the class counts of a release but other content: sha256 {sha256[:12]}..., "
        f"not {known.sha256[:12]}...; it was changed or saved again, use the file as published"
    )


def _unlike(counts: Counter[str], wanted: Mapping[str, int]) -> str:
    """Name the families whose rows are more or fewer than wanted; nothing if none is."""
    differing = [name for name in sorted({*wanted, *counts}) if counts[name] != wanted.get(name, 0)]
    shown = ", ".join(f"{name[:40]} {counts[name]:,} (not {wanted.get(name, 0):,})" for name in differing[:3])
    return shown + (f" and {len(differing) - 3} more" if len(differing) > 3 else "")


def _saved_again(content: bytes) -> set[str]:
    """Return the hashes that the content would have with other line ends, and with or without a byte-order mark."""
    mark = b"\xef\xbb\xbf"
    plain = content.removeprefix(mark).replace(b"\r\n", b"\n")
    ends = (plain, plain.replace(b"\n", b"\r\n"))
    return {hashlib.sha256(start + text).hexdigest() for start in (b"", mark) for text in ends}


def families(classes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the range of a label map, benign first."""
    return (BENIGN, *sorted(set(classes.values()) - {BENIGN}))


def units(names: Collection[str], patterns: Mapping[str, str]) -> dict[str, str]:
    """Return the unit of each column; the first pattern that fits its whole name decides.

    Example:
        >>> units(["bytes_in", "flags"], {".*bytes.*": "bytes"})
        {'bytes_in': 'bytes'}
    """
    found = {name: next((unit for like, unit in patterns.items() if re.fullmatch(like, name)), "") for name in names}
    return {name: unit for name, unit in found.items() if unit}


def canonical(
    table: pa.Table, *, absent: str = "-", flags: Collection[str] = (), drop: Collection[str] = ()
) -> pa.Table:
    """Return a table in which formatting says nothing.

    Args:
        table: Columns of numbers and text.
        absent: The marker of an absent value in a text.
        flags: Columns that say yes or no, as 1, T or true.
        drop: Columns to leave out.

    Example:
        >>> canonical(pa.table({"door": ["true  ", "0"], "service": [" dns", "-"]}), flags={"door"}).to_pydict()
        {'door': [True, False], 'service': ['dns', None]}
    """
    columns: dict[str, pa.Array] = {}
    for name in table.column_names:
        if name in drop:
            continue
        values = table[name].combine_chunks()
        if pa.types.is_string(values.type):
            values = pc.utf8_trim_whitespace(values)
            values = pc.if_else(pc.equal(values, absent), None, values)
        if name in flags:
            yes = pc.is_in(pc.utf8_lower(values.cast(pa.string())), value_set=pa.array(TRUE))
            values = pc.if_else(pc.is_null(values), None, yes)
        columns[name] = cast("pa.Array", values)
    return pa.table(columns)
