"""BoT-IoT: flows of a testbed of 2018 as Argus writes them, nearly all of them attacks.

In: one of the pieces that circulate, each a part with columns of its own. Out: its rows in canonical form; families are
the dataset's categories. `10best` is the authors' own split (and `official`); of all others it is known how they were
drawn and changed, and their notes say it. Running numbers, addresses, ports and times are identifiers. Codes of flags
and states are names, not numbers.

`balanced1000` lost its categories: its attacks are of the family "attack". `mat` is MATLAB's format of arrays, read by
SciPy and only after its hash was found right.

Source: Koroniotis et al. 2019, Future Generation Computer Systems 100.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import UNSW_CANBERRA, Published, Tabular, canonical, families, units

MAT = "mat"
CLASSES = {
    "Normal": BENIGN,
    "DDoS": "ddos",
    "DoS": "dos",
    "Reconnaissance": "reconnaissance",
    "Theft": "theft",
    "0": BENIGN,
    "attack": "attack",
}
# The classes of the .mat part by number: service scan, OS fingerprint, DDoS by TCP, UDP, HTTP, DoS by the same, normal,
# keylogging.
_NUMBERED = ("Reconnaissance",) * 2 + ("DDoS",) * 3 + ("DoS",) * 3 + ("Normal", "Theft")
_PROTOCOLS = {1: "tcp", 2: "arp", 3: "udp", 4: "icmp"}

_TEXT_NAMES = (
    "flgs proto saddr sport daddr dport state smac dmac soui doui sco dco srcip dstip state_number flgs_number "
    "attack category subcategory"
)
_TEXT = frozenset(_TEXT_NAMES.split())
_EMPTY = frozenset({"smac", "dmac", "soui", "doui", "sco", "dco"})
_IDENTIFIERS_NAMES = "pkSeqID stime ltime seq saddr sport daddr dport srcip dstip"
_IDENTIFIERS = frozenset(_IDENTIFIERS_NAMES.split())
_HEAVY_NAMES = "pkts bytes dur sum spkts dpkts sbytes dbytes rate srate drate"
_HEAVY = frozenset(_HEAVY_NAMES.split())
_UNITS = {"[sd]?bytes": "bytes", "[sd]?pkts": "packets", "[sd]?rate": "packets/s", "dur|mean|stddev|sum|min|max": "s"}
_TEN_BEST = (
    "pkSeqID proto saddr sport daddr dport seq stddev N_IN_Conn_P_SrcIP min state_number mean N_IN_Conn_P_DstIP "
    "drate srate max attack category subcategory"
)
_RAW_35 = (
    "pkSeqID stime flgs proto saddr sport daddr dport pkts bytes state ltime seq dur mean stddev smac dmac sum min "
    "max soui doui sco dco spkts dpkts sbytes dbytes rate srate drate attack category subcategory"
)
_BALANCED = "pkts bytes dur mean stddev sum min max spkts dpkts sbytes dbytes rate srate drate attack stime srcip dstip"


def _published(
    name: str,
    sha256: str,
    columns: str,
    counts: Mapping[str, int],
    what: str,
    *,
    split: str = "",
    separator: str = ",",
) -> Published:
    names = tuple(columns.split())
    label = "category" if "category" in names else "attack"
    answers = tuple(name for name in ("attack", "subcategory") if name in names and name != label)
    return Published(name, sha256, names, _TEXT & {*names}, label, counts, answers, split, separator, what=what)


PUBLISHED = {
    "10best": (
        _published(
            "UNSW_2018_IoT_Botnet_Final_10_best_Training.csv",
            "047e577cd9c7f8f61d44ac170114497904c33091bf80d1dd5e682e353a69c15b",
            _TEN_BEST,
            {BENIGN: 370, "ddos": 1_541_315, "dos": 1_320_148, "reconnaissance": 72_919, "theft": 65},
            "the authors' ten best features, Training and Testing, complete; hashes known from third parties only",
            split="train",
            separator="",
        ),
        _published(
            "UNSW_2018_IoT_Botnet_Final_10_best_Testing.csv",
            "8617de2ac5d6ca4c2f77272c7409253a396f2a9e667c29c8e797ab9f57a1868e",
            _TEN_BEST,
            {BENIGN: 107, "ddos": 385_309, "dos": 330_112, "reconnaissance": 18_163, "theft": 14},
            "",
            split="test",
            separator="",
        ),
    ),
    MAT: (
        _published(
            "botiot_train_8feat_51359.mat",
            "6c24111f48ee38c02dbcfeae3090fd6e347137343341a92428d6c96da6dd5d8c",
            "proto_number flgs_number pkts bytes dur mean rate sum category",
            {BENIGN: 6, "ddos": 26_981, "dos": 23_121, "reconnaissance": 1_249, "theft": 2},
            "sample: 1.4 % of the 5 % set at random, 8 features, classes as rare as in the whole",
        ),
    ),
    "first999": (
        _published(
            "UNSW_2018_IoT_Botnet_Final_10_best_Training_first999.tsv",
            "8e2020d2ac5f77cc5bd1000956d7d0469d6a70f6c8d1a53804bcf5946544479a",
            _TEN_BEST,
            {"ddos": 522, "dos": 450, "reconnaissance": 27},
            "sample: the first 999 rows of the ten-best Training file, no benign row",
            separator="\t",
        ),
    ),
    "raw35": (
        _published(
            "BoT-IoT_raw35_sample_1109.csv",
            "89e121f5a6f4d47c9facb58f047b832168cd4419a9f0fb44883cf77b3789e5b5",
            _RAW_35,
            {BENIGN: 65, "ddos": 1_044},
            "sample: 1,109 rows of the whole release, all columns",
        ),
    ),
    "feat11": (
        _published(
            "BoT-IoT_11feat_sample_18867.csv",
            "e4964d18945fb8555e2650099eddca38ae39b4e568aa314d74f108f1cc7a8592",
            "flgs proto pkts bytes dur mean stddev sum min max rate category",
            {BENIGN: 6_870, "dos": 10_161, "reconnaissance": 1_836},
            "sample, altered by third parties: 11 columns, no DDoS, benign rows far more frequent than in the whole",
        ),
    ),
    "balanced1000": (
        _published(
            "BoT-IoT_15feat_balanced_binary_1000.csv",
            "14433a9339ca27b4a93503bb99f5a091285ebb0710f6dae7b04a153410209f64",
            _BALANCED,
            {BENIGN: 500, "attack": 500},
            "sample, altered by third parties: the first 500 benign and first 500 attack rows, categories dropped",
        ),
    ),
}


@dataclass(frozen=True)
class BotIot(Tabular):
    """BoT-IoT, a piece of it."""

    name: ClassVar[str] = "bot_iot"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    parts: ClassVar[tuple[str, ...]] = tuple(PUBLISHED)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = PUBLISHED
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = UNSW_CANBERRA
    citation: ClassVar[str] = "Koroniotis et al. 2019, Future Generation Computer Systems 100"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        **dict.fromkeys(("mean", "min", "max", "stddev"), (0, 5)),
        "N_IN_Conn_*": (1, 100),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "proto": ("arp", "icmp", "ipv6-icmp", "tcp", "udp"),
        "proto_number": tuple(_PROTOCOLS.values()),
    }

    def parse(self, content: bytes, known: Published) -> pa.Table:
        """Read content that was verified."""
        if self.part == MAT:
            return _arrays(content, known)
        table = super().parse(content, known)
        if known.label == "attack":
            named = pc.if_else(pc.equal(table["attack"], "1"), "attack", table["attack"])
            table = table.set_column(table.column_names.index("attack"), "attack", named)
        return table

    def own(self, table: pa.Table) -> Own:
        """Return the columns that are not empty everywhere, what names a device or a moment as identifiers."""
        own = canonical(table, absent="", drop=_EMPTY)
        return Own(
            own,
            identifiers=_IDENTIFIERS & {*own.column_names},
            heavy=_HEAVY & {*own.column_names},
            units=units(own.column_names, _UNITS),
        )


def _arrays(content: bytes, known: Published) -> pa.Table:
    """Read the arrays of a .mat file: one row of numbers for each column, and one of classes."""
    from scipy.io import loadmat  # noqa: PLC0415  only this part needs it, and a gateway has it not

    found = loadmat(io.BytesIO(content), variable_names=("Samples", "Labels"))
    *names, label = known.columns
    columns = {name: pa.array(row) for name, row in zip(names, found["Samples"], strict=True)}
    for name in ("flgs_number", "pkts", "bytes"):
        columns[name] = columns[name].cast(pa.int64())
    columns["flgs_number"] = columns["flgs_number"].cast(pa.string())
    columns["proto_number"] = pa.array([_PROTOCOLS[int(number)] for number in columns["proto_number"].to_pylist()])
    columns[label] = pa.array([_NUMBERED[int(number) - 1] for number in found["Labels"][0]])
    return pa.table(columns)
