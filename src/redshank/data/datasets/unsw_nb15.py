"""UNSW-NB15: flows of a testbed of 2015, nine attack families.

In: the part of 82,332 rows. Out: its 42 columns in canonical form. Two names circulate for one file: the authors' site
calls it training-set, their paper the test set. The other part (175,341 rows) has no known hash here, so there is no
`official` split.

`id` is a row number, `stcpb` and `dtcpb` are initial sequence numbers: identifiers. `sttl` tells how far away the
traffic generator stood: a look-up of it alone has 76.6 % of the rows right, where 55.1 % are attacks. It stays, as in
every study.

Source: Moustafa and Slay 2015, MilCIS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import pyarrow as pa

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import UNSW_CANBERRA, Published, Tabular, canonical, families

_HEADER = (
    "id dur proto service state spkts dpkts sbytes dbytes rate sttl dttl sload dload sloss dloss sinpkt dinpkt sjit "
    "djit swin stcpb dtcpb dwin tcprtt synack ackdat smean dmean trans_depth response_body_len ct_srv_src "
    "ct_state_ttl ct_dst_ltm ct_src_dport_ltm ct_dst_sport_ltm ct_dst_src_ltm is_ftp_login ct_ftp_cmd "
    "ct_flw_http_mthd ct_src_ltm ct_srv_dst is_sm_ips_ports attack_cat label"
)
COLUMNS = tuple(_HEADER.split())
_ATTACKS = ("Analysis", "Backdoor", "DoS", "Exploits", "Fuzzers", "Generic", "Reconnaissance", "Shellcode", "Worms")
CLASSES = {"Normal": BENIGN, **{name: name.lower() for name in _ATTACKS}}

PART = Published(
    "UNSW_NB15_training-set.csv",
    "734fe6642edf758f7c94d7d9149426b49d202fe8e7bf0bef47392489c3c0a559",
    COLUMNS,
    frozenset({"proto", "service", "state", "attack_cat"}),
    "attack_cat",
    {
        BENIGN: 37_000,
        "generic": 18_871,
        "exploits": 11_132,
        "fuzzers": 6_062,
        "dos": 4_089,
        "reconnaissance": 3_496,
        "analysis": 677,
        "backdoor": 583,
        "shellcode": 378,
        "worms": 44,
    },
    answers=("label",),
    what="the part of 82,332 rows, complete; the other of 175,341 is missing",
)


@dataclass(frozen=True)
class UnswNb15(Tabular):
    """UNSW-NB15, the part of 82,332 rows."""

    name: ClassVar[str] = "unsw_nb15"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {
        "": (PART, replace(PART, name="UNSW_NB15_testing-set.csv"))
    }
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = UNSW_CANBERRA
    citation: ClassVar[str] = "Moustafa and Slay 2015, MilCIS"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "?ttl": (0, 255),
        "?win": (0, 255),
        "?tcpb": (0, 2**32 - 1),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "service": ("dhcp", "dns", "ftp", "ftp-data", "http", "irc", "pop3", "radius", "smtp", "snmp", "ssh", "ssl"),
        "state": ("ACC", "CLO", "CON", "FIN", "INT", "REQ", "RST"),
    }

    def own(self, table: pa.Table) -> Own:
        """Return the columns, the row number and the sequence numbers among them as identifiers."""
        sides = ("s", "d")
        return Own(
            canonical(table, flags={"is_sm_ips_ports"}),
            identifiers=frozenset({"id", "stcpb", "dtcpb"}),
            heavy=frozenset({"dur", "rate", "response_body_len"})
            | {side + name for side in sides for name in ("pkts", "bytes", "load", "loss", "inpkt", "jit")},
            units={"dur": "s", "rate": "packets/s", "tcprtt": "s", "synack": "s", "ackdat": "s"}
            | {"response_body_len": "bytes"}
            | {side + name: unit for side in sides for name, unit in _UNITS.items()},
        )


_UNITS = {
    "pkts": "packets",
    "bytes": "bytes",
    "load": "bits/s",
    "loss": "packets",
    "inpkt": "ms",
    "jit": "ms",
    "mean": "bytes",
}
