"""ToN_IoT's telemetry: what seven devices of a home reported while they were attacked.

In: Train_Test_IoT_<Device>.csv. Out: the device's readings in canonical form. A part is a device, in the release
distributed now; with `_ts` behind it, in the first release, which has more benign rows and a time.

The files give their labels away by formatting: `high ` with a blank occurs only in benign rows, and a signal is `true`
in benign rows and `1` in attacks. Here blanks go and the signal is yes or no; `raw` is as read. Date and time name the
attack's day and are identifiers. What is left is little: door and light have two different readings, the fridge 151,
and in none of them is any family more frequent than benign rows: a look-up has only these right (38 %).

Source: Alsaedi et al. 2020, IEEE Access 8.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import UNSW_CANBERRA, Published, Tabular, canonical, families

TIMED = "_ts"
IDENTIFIERS = frozenset({"ts", "date", "time"})
FLAGS = frozenset({"sphone_signal", "motion_status", "thermostat_status"})
TEXT = frozenset({"date", "time", "temp_condition", "door_state", "light_status", "sphone_signal", "type"})
_FAMILIES = ("backdoor", "ddos", "injection", "password", "ransomware", "scanning", "xss")
CLASSES = {"normal": BENIGN, **{name: name for name in _FAMILIES}}


@dataclass(frozen=True)
class _Device:
    """What a device reports, its attacks, and the hashes of its two files."""

    file: str
    columns: str
    attacks: Mapping[str, int]
    sha256: str
    timed_sha256: str = ""


def _attacks(full: str, **others: int) -> Mapping[str, int]:
    return {**dict.fromkeys(full.split(), 5_000), **others}


_FOUR, _THREE = "ddos backdoor injection password", "backdoor injection password"
_DEVICES = {
    "fridge": _Device(
        "Fridge",
        "fridge_temperature temp_condition",
        _attacks(_FOUR, ransomware=2_902, xss=2_042),
        "56377a00b97204ea65f8912eadea9e626fe05d091f975f5be64c94c85efe3149",
        "86e676e6ceca71f96fbe67a044e39254cc6324b1e760bcb22d2c10a086a35bde",
    ),
    "garage_door": _Device(
        "Garage_Door",
        "door_state sphone_signal",
        _attacks(_FOUR, ransomware=2_902, xss=1_156, scanning=529),
        "44b2d63f233ed239d604815f53e2b2ba6ec2b9bc604a9f6fbed6b98d55e53188",
        "68fc5dbbc72ce13f91ab3126a2025c0f58e39d5b0d4aeb3a026641a863eb17f1",
    ),
    "gps_tracker": _Device(
        "GPS_Tracker",
        "latitude longitude",
        _attacks(_FOUR, ransomware=2_833, xss=577, scanning=550),
        "71c6cc302b14822aea699cf41a02dad36089ea59b87a28000b38a44b2d23cb9b",
        "3589a16ad6a449b636a988c6131c838843c7fb18bc96d4c2303f95f8aab10d37",
    ),
    "modbus": _Device(
        "Modbus",
        "FC1_Read_Input_Register FC2_Read_Discrete_Value FC3_Read_Holding_Register FC4_Read_Coil",
        _attacks(_THREE, xss=577, scanning=529),
        "78345a857244e671b0c255ca65aac619049632448fc5aa736f1cea255f308cbb",
        "32fc97401b1e17aee9c7ce42b9f7fd3866f194093ce090a4f821ec4b80d10aaa",
    ),
    "motion_light": _Device(
        "Motion_Light",
        "motion_status light_status",
        _attacks(_FOUR, ransomware=2_264, scanning=1_775, xss=449),
        "e0e145ff3d8145d4ad713380a291248dba74e75a70bd75525719ffaaaf2f5242",
        "7ad01807b4865e08bc551a4c94c5d2351d13048ec2161d264ae7ca3e2975a2d6",
    ),
    "thermostat": _Device(
        "Thermostat",
        "current_temperature thermostat_status",
        _attacks(_THREE, ransomware=2_264, xss=449, scanning=61),
        "b475654a43ec885fd8c3409d9e85b7902ecc3ad47440948466f4fe3559fd1f6d",
        "11ceb4f976d6a3004222417c8bfbc80665669c166293be8ffeef16f1fcf38837",
    ),
    "weather": _Device(
        "Weather",
        "temperature pressure humidity",
        _attacks(_FOUR, ransomware=2_865, xss=866, scanning=529),
        "10c49fe8a6eae98db688e277e96218c9a9bf587cc5aee5962833470366dafdba",
    ),
}


def _published(device: _Device, *, timed: bool) -> tuple[Published, ...]:
    columns = ("ts",) * timed + ("date", "time", *device.columns.split(), "label", "type")
    return (
        Published(
            f"Train_Test_IoT_{device.file}.csv",
            device.timed_sha256 if timed else device.sha256,
            columns,
            TEXT & {*columns},
            "type",
            {BENIGN: 35_000 if timed else 15_000, **device.attacks},
            answers=("label",),
            what=f"complete, {'first release, with time' if timed else 'release distributed now'}, sorted by family",
        ),
    )


PUBLISHED = {
    **{name: _published(device, timed=False) for name, device in _DEVICES.items()},
    **{name + TIMED: _published(device, timed=True) for name, device in _DEVICES.items() if device.timed_sha256},
}


@dataclass(frozen=True)
class Telemetry(Tabular):
    """ToN_IoT's telemetry, one device of seven."""

    name: ClassVar[str] = "telemetry"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    parts: ClassVar[tuple[str, ...]] = tuple(PUBLISHED)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = PUBLISHED
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = UNSW_CANBERRA
    citation: ClassVar[str] = "Alsaedi et al. 2020, IEEE Access 8"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "ts": (1_554_000_000, 1_556_600_000),
        "FC?_*": (0, 65_535),
        "*temperature": (0, 50),
        "humidity": (0, 100),
        "pressure": (-20, 20),
        "*tude": (0, 600),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "temp_condition": ("high", "low"),
        "door_state": ("closed", "open"),
        "light_status": ("off", "on"),
    }

    def own(self, table: pa.Table) -> Own:
        """Return the readings; date and time are identifiers."""
        return Own(canonical(table, flags=FLAGS), identifiers=IDENTIFIERS & {*table.column_names})
