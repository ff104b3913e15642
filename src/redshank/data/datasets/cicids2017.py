"""CICIDS2017 with its flows corrected: at most 5,000 random rows of each class.

In: the sample's CSV. Out: its 89 columns in canonical form. `Label` is the class; `Attempted Category` is made from it.
Row number, flow id, addresses, ports and time are identifiers. A header length below 0 has overflowed 16 bits and is
absent; so are ICMP's type and code of -1. Times are microseconds.

Source: Sharafaldin et al. 2018, ICISSP; corrected by Engelen et al. 2021, WTMC, and Liu et al. 2022, CNS.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import Published, Tabular, canonical, families, units

_HEADER = (
    "id,Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,"
    "Total Length of Fwd Packet,Total Length of Bwd Packet,Fwd Packet Length Max,Fwd Packet Length Min,"
    "Fwd Packet Length Mean,Fwd Packet Length Std,Bwd Packet Length Max,Bwd Packet Length Min,Bwd Packet Length Mean,"
    "Bwd Packet Length Std,Flow Bytes/s,Flow Packets/s,Flow IAT Mean,Flow IAT Std,Flow IAT Max,Flow IAT Min,"
    "Fwd IAT Total,Fwd IAT Mean,Fwd IAT Std,Fwd IAT Max,Fwd IAT Min,Bwd IAT Total,Bwd IAT Mean,Bwd IAT Std,"
    "Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,Fwd RST Flags,Bwd RST Flags,"
    "Fwd Header Length,Bwd Header Length,Fwd Packets/s,Bwd Packets/s,Packet Length Min,Packet Length Max,"
    "Packet Length Mean,Packet Length Std,Packet Length Variance,FIN Flag Count,SYN Flag Count,RST Flag Count,"
    "PSH Flag Count,ACK Flag Count,URG Flag Count,CWR Flag Count,ECE Flag Count,Down/Up Ratio,Average Packet Size,"
    "Fwd Segment Size Avg,Bwd Segment Size Avg,Fwd Bytes/Bulk Avg,Fwd Packet/Bulk Avg,Fwd Bulk Rate Avg,"
    "Bwd Bytes/Bulk Avg,Bwd Packet/Bulk Avg,Bwd Bulk Rate Avg,Subflow Fwd Packets,Subflow Fwd Bytes,"
    "Subflow Bwd Packets,Subflow Bwd Bytes,FWD Init Win Bytes,Bwd Init Win Bytes,Fwd Act Data Pkts,Fwd Seg Size Min,"
    "Active Mean,Active Std,Active Max,Active Min,Idle Mean,Idle Std,Idle Max,Idle Min,ICMP Code,ICMP Type,"
    "Total TCP Flow Time,Label,Attempted Category"
)
COLUMNS = tuple(_HEADER.split(","))
IDENTIFIERS = frozenset({"id", "Flow ID", "Src IP", "Src Port", "Dst IP", "Dst Port", "Timestamp"})
_HEAVY = re.compile(".*(Duration|IAT|Bytes|Bulk|Packets|Total|Active|Idle|Packet Length|Segment Size|Packet Size).*")
_OVERFLOWING = frozenset({"Fwd Header Length", "Bwd Header Length", "ICMP Code", "ICMP Type"})
_UNITS = {
    ".*(IAT|Duration|Active|Idle|Flow Time).*": "us",
    ".*Bytes/s|.*Bulk Rate.*": "bytes/s",
    ".*Packets/s": "packets/s",
    "(?!.*(Variance|Ratio|Flag)).*(Bytes|Length|Size).*": "bytes",
    "(?!.*Length).*([Pp]acket|Pkts).*": "packets",
}
CLASSES = {
    "BENIGN": BENIGN,
    "Botnet": "botnet",
    "DDoS": "ddos",
    "DoS GoldenEye": "dos_goldeneye",
    "DoS Hulk": "dos_hulk",
    "DoS Slowhttptest": "dos_slowhttptest",
    "DoS Slowloris": "dos_slowloris",
    "FTP-Patator": "ftp_patator",
    "Heartbleed": "heartbleed",
    "Infiltration": "infiltration",
    "Infiltration - Portscan": "infiltration_portscan",
    "Portscan": "portscan",
    "SSH-Patator": "ssh_patator",
    "Web Attack - Brute Force": "web_brute_force",
    "Web Attack - SQL Injection": "web_sql_injection",
    "Web Attack - XSS": "web_xss",
}

SAMPLE = Published(
    "CICIDS2017_improved_rnd_5000_per_class.csv",
    "9402e00d71bf57c43ffcd7f2faa2510c7f993381ba8869e61f40ea9294930ad9",
    COLUMNS,
    frozenset({"Flow ID", "Src IP", "Dst IP", "Timestamp", "Label"}),
    "Label",
    {
        **dict.fromkeys((BENIGN, "ddos", "dos_goldeneye", "dos_hulk", "infiltration_portscan", "portscan"), 5_000),
        "ftp_patator": 3_972,
        "dos_slowloris": 3_859,
        "ssh_patator": 2_961,
        "dos_slowhttptest": 1_740,
        "botnet": 736,
        "web_brute_force": 73,
        "infiltration": 36,
        "web_xss": 18,
        "web_sql_injection": 13,
        "heartbleed": 11,
    },
    answers=("Attempted Category",),
    what="sample: at most 5,000 random rows of each class of the corrected flows",
)


@dataclass(frozen=True)
class Cicids2017(Tabular):
    """CICIDS2017, a sample of the corrected flows."""

    name: ClassVar[str] = "cicids2017"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {"": (SAMPLE,)}
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = "Canadian Institute for Cybersecurity: research use with citation"
    citation: ClassVar[str] = "Sharafaldin et al. 2018, ICISSP; Engelen et al. 2021, WTMC; Liu et al. 2022, CNS"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "* Port": (0, 65_535),
        "*Win Bytes": (0, 65_535),
        "ICMP *": (0, 255),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {"Protocol": ("0", "1", "6", "17")}

    def own(self, table: pa.Table) -> Own:
        """Return the columns; the protocol's number is a name, and what has overflowed is absent."""
        own = canonical(table)
        for name in ("Protocol", *sorted(_OVERFLOWING)):
            values = own[name].combine_chunks()
            mended = pc.if_else(pc.less(values, 0), None, values)
            own = own.set_column(
                own.column_names.index(name), name, mended.cast(pa.string()) if name == "Protocol" else mended
            )
        names = [name for name in COLUMNS[8:-2] if not name.startswith("ICMP")]
        return Own(
            own,
            identifiers=IDENTIFIERS,
            heavy=frozenset(name for name in names if _HEAVY.fullmatch(name)),
            units=units(names, _UNITS),
        )
