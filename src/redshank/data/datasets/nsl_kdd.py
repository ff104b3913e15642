"""NSL-KDD: connections of 1998, with the split that its authors made to be hard.

In: KDDTrain+.txt and KDDTest+.txt. Out: 41 columns in canonical form, and `official`, the authors' own split. An attack
is mapped to one of four families (dos, probe, r2l, u2r) as the task of 1999 did; 17 attacks are only in Test+. The last
column, how many of 21 classifiers were right, is made from the labels and left out. `num_outbound_cmds` is always 0.

Source: Tavallaee et al. 2009, CISDA; families: Lippmann et al. 2000, DISCEX (`worm` counts as dos, as in most studies).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import Published, Tabular, canonical, families

_HEADER = (
    "duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins "
    "logged_in num_compromised root_shell su_attempted num_root num_file_creations num_shells num_access_files "
    "num_outbound_cmds is_host_login is_guest_login count srv_count serror_rate srv_serror_rate rerror_rate "
    "srv_rerror_rate same_srv_rate diff_srv_rate srv_diff_host_rate dst_host_count dst_host_srv_count "
    "dst_host_same_srv_rate dst_host_diff_srv_rate dst_host_same_src_port_rate dst_host_srv_diff_host_rate "
    "dst_host_serror_rate dst_host_srv_serror_rate dst_host_rerror_rate dst_host_srv_rerror_rate class difficulty"
)
COLUMNS = tuple(_HEADER.split())
FLAGS = frozenset({"land", "logged_in", "root_shell", "is_host_login", "is_guest_login"})

_ATTACKS = {
    "dos": "apache2 back land mailbomb neptune pod processtable smurf teardrop udpstorm worm",
    "probe": "ipsweep mscan nmap portsweep saint satan",
    "r2l": (
        "ftp_write guess_passwd httptunnel imap multihop named phf sendmail snmpgetattack snmpguess spy warezclient "
        "warezmaster xlock xsnoop"
    ),
    "u2r": "buffer_overflow loadmodule perl ps rootkit sqlattack xterm",
}
CLASSES = {"normal": BENIGN, **{name: family for family, names in _ATTACKS.items() for name in names.split()}}


def _published(name: str, sha256: str, counts: Mapping[str, int], what: str, split: str = "") -> Published:
    text = frozenset({"protocol_type", "service", "flag", "class"})
    return Published(
        name, sha256, COLUMNS, text, "class", counts, ("difficulty",), split=split, header=False, what=what
    )


TRAIN = _published(
    "KDDTrain+.txt",
    "1b86d2f957b33082081bba410fe129b475efebcc13c9014c3f447c8271aadf95",
    {BENIGN: 67_343, "dos": 45_927, "probe": 11_656, "r2l": 995, "u2r": 52},
    "Train+ and Test+, complete; 3,750 rows of Test+ are of 17 attacks that Train+ does not have",
    "train",
)
TEST = _published(
    "KDDTest+.txt",
    "fa46b0935342616aa83b7c2578db355b6a7aaabbc492248172c7a1e8b7ab8f84",
    {BENIGN: 9_711, "dos": 7_460, "probe": 2_421, "r2l": 2_885, "u2r": 67},
    "",
    "test",
)
TWENTY_PERCENT = _published(
    "KDDTrain+_20Percent.txt",
    "7ea86479faab5ca2190b7f18b4982fb058ce5bf2b46e0e1017d0d9ef90f9c16e",
    {BENIGN: 13_449, "dos": 9_234, "probe": 2_289, "r2l": 209, "u2r": 11},
    "the first 25,192 rows of Train+",
)
TEST_21 = _published(
    "KDDTest-21.txt",
    "746993ac9e25868827cacf09eab450050a2a1056e1ce48a1ad39f5dc801d531d",
    {BENIGN: 2_152, "dos": 4_344, "probe": 2_402, "r2l": 2_885, "u2r": 67},
    "the rows of Test+ that not all of 21 classifiers had right",
)


@dataclass(frozen=True)
class NslKdd(Tabular):
    """NSL-KDD."""

    name: ClassVar[str] = "nsl_kdd"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    parts: ClassVar[tuple[str, ...]] = ("", "20percent", "test21")
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {
        "": (TRAIN, TEST),
        "20percent": (TWENTY_PERCENT,),
        "test21": (TEST_21,),
    }
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = "Canadian Institute for Cybersecurity: freely redistributed for research"
    citation: ClassVar[str] = "Tavallaee et al. 2009, CISDA"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "*_rate": (0, 1),
        "count": (0, 511),
        "srv_count": (0, 511),
        "dst_host_*count": (0, 255),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "protocol_type": ("icmp", "tcp", "udp"),
        "flag": ("OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "S0", "S1", "S2", "S3", "SF", "SH"),
    }

    def own(self, table: pa.Table) -> Own:
        """Return the 41 columns; none of them names a device or a moment."""
        return Own(
            canonical(table, flags=FLAGS),
            heavy=frozenset({"duration", "src_bytes", "dst_bytes", "hot", "num_compromised", "num_root"}),
            units={"duration": "s", "src_bytes": "bytes", "dst_bytes": "bytes"},
        )
