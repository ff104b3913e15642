import shutil
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from bundles import flows
from peers import closed_port
from redshank.checking import Finding, findings
from redshank.config import load
from redshank.running import Running
from redshank.store.database import Database
from redshank.store.tables import STORE, VERSION
from runs import ATTACK
from sites import Place

OLD = Path(__file__).parent / "store" / "version_1.db"
"""A store of an older version."""


def _found(place: Place, **changed: str) -> dict[str, Finding]:
    return {one.part: one for one in findings(load(place.settings(**changed)))}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    return made


def test_a_site_that_is_well_says_what_each_part_is(place: Place) -> None:
    found = _found(place)
    assert all(one.well for one in found.values()), found
    assert found["detect classifier"].words == "judges with tiny"
    assert found["sinks eve"].words == f"path {place.eve}"
    assert found["store"].words == str(place.store)
    assert found["respond"].words.startswith("dry_run: 0 actions hold; ")
    assert place.told() == []


def test_what_is_wrong_is_told_part_by_part(place: Place) -> None:
    found = _found(
        place,
        sources="[[sources]]\ninterfaces = ['nowhere0']\n",
        detect="[detect]\nbundle = '/nowhere'\n",
        sinks="[sinks.evve]\npath = 'x'\n",
        respond="[respond]\nbackend = 'iptables'\n",
    )
    wrong = {part: one.words for part, one in found.items() if not one.well}
    assert set(wrong) == {"sources nowhere0", "detect", "sinks", "respond"}
    assert "nowhere0" in wrong["sources nowhere0"]
    assert wrong["detect"].startswith("detect.bundle: bundle /nowhere: not a folder with model.onnx")
    assert wrong["sinks"].startswith("sinks.evve: 'evve' is no sink; there are ")
    assert wrong["respond"].startswith(
        "respond.backend: no 'iptables'; did you mean 'nftables'? (there are: dry_run, nftables)"
    )


def test_an_address_that_is_taken_or_none_is_told(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        state = f"[service]\nstate = '{place.folder / 'state'}'\n"
        found = _found(place, service=f"{state}metrics = '127.0.0.1:{port}'\n")["service.metrics"]
        assert not found.well
        assert f"cannot listen at '127.0.0.1:{port}' (Address already in use)" in found.words
    found = _found(place, service=f"{state}metrics = 'localhost'\n")["service.metrics"]
    assert found.words == "service.metrics: 'localhost' is no address and port; give one as in '127.0.0.1:9477'"
    found = _found(place, service=f"{state}metrics = '[::1]:0'\n")["service.metrics"]
    assert found.well


def test_beside_a_service_that_runs_with_its_settings_its_own_address_is_no_mistake(place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:{port}'\n"
    with Running(load(place.settings(service=service))):
        found = _found(place, service=service)["service.metrics"]
        assert found.well
        assert found.words == f"http://127.0.0.1:{port}/metrics: not tried, for a service with this state runs"
        other = service.replace("state'", "other'")
        assert not _found(place, service=other)["service.metrics"].well
    assert _found(place, service=service)["service.metrics"].words == f"http://127.0.0.1:{port}/metrics"


def test_a_folder_that_cannot_be_written_is_told(place: Place) -> None:
    found = _found(place, service="[service]\nstate = '/proc/nowhere'\nmetrics = ''\n")
    assert found["service.state"].words.startswith("service.state: cannot write to folder '/proc/nowhere'")
    assert not found["store"].well


def test_a_file_of_alerts_that_cannot_be_written_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.folder / "alerts"
    found = _found(place, sinks=f"[sinks.eve]\npath = '{folder}/eve.json'\n")["sinks eve"]
    assert (found.well, found.words) == (
        False,
        f"sinks.eve.path: there is no folder '{folder}'; make it, or name a file in another",
    )
    folder.mkdir()
    assert _found(place, sinks=f"[sinks.eve]\npath = '{folder}/eve.json'\n")["sinks eve"].well
    monkeypatch.setattr("os.access", lambda *_: False)  # what root is never told
    found = _found(place, sinks=f"[sinks.eve]\npath = '{folder}/eve.json'\n")["sinks eve"]
    assert found.words == f"sinks.eve.path: nothing may be written to folder '{folder}'; name a file in another"
    (folder / "eve.json").touch()
    found = _found(place, sinks=f"[sinks.eve]\npath = '{folder}/eve.json'\n")["sinks eve"]
    assert found.words == f"sinks.eve.path: '{folder}/eve.json' may not be written; name a file that you may write"


def test_a_sink_that_cannot_be_reached_is_a_hint_and_all_are_tried_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closed_port() as port:
        sinks = (
            f"[sinks.eve]\npath = '{place.eve}'\n[sinks.syslog]\nhost = '127.0.0.1'\nport = {port}\ntransport = 'tcp'\n"
        )
        found = _found(place, sinks=sinks)
    reason = f"127.0.0.1, port {port}: Connection refused"
    assert found["sinks eve"] == Finding("sinks eve", True, f"path {place.eve}")
    assert (found["sinks syslog"].well, found["sinks syslog"].hint) == (True, True)
    assert found["sinks syslog"].words.endswith(f"; not reached now: {reason}; alerts would wait for it")

    begun, over = threading.Barrier(3), threading.Event()

    def hangs(*_: object, **__: object) -> str:
        begun.wait(20)
        over.wait(20)
        return ""

    monkeypatch.setattr("redshank.alerts.peer.unreached", hangs)
    monkeypatch.setattr("redshank.checking.REACH_S", 0.1)
    hanging = "".join(f"[sinks.{name}]\nkind = 'syslog'\nhost = '127.0.0.1'\ntransport = 'tcp'\n" for name in "ab")
    words = [one.words for one in _found(place, sinks=hanging).values() if one.hint]
    begun.wait(20)  # both were begun though neither ended
    over.set()
    assert len(words) == 2
    assert all("; not reached now: no answer in time; " in one for one in words)


def test_a_store_of_an_older_version_is_well_and_left_to_the_service_that_may_be_at_work_on_it(place: Place) -> None:
    place.store.parent.mkdir()
    shutil.copy(OLD, place.store)
    found = _found(place)["store"]
    assert found == Finding("store", True, f"{place.store}: version 1; `redshank run` brings it up to {VERSION}")
    assert place.store.read_bytes() == OLD.read_bytes()


def test_a_store_of_a_newer_version_is_not_well_and_left_as_it_is(place: Place) -> None:
    with closing(Database(place.store, create=True)) as database, database.writing() as sql:
        sql.execute(update(STORE).values(version=99))
    found = _found(place)["store"]
    assert not found.well
    assert found.words.startswith(
        f"store: '{place.store}' has version 99 of the tables, this program has {VERSION}; use the program that wrote"
    )


def test_files_may_go_beside_a_state_that_is_not_there_yet(place: Place) -> None:
    state = place.folder / "new" / "state"
    found = _found(
        place,
        service=f"[service]\nstate = '{state}'\nmetrics = ''\n",
        sinks=f"[sinks.eve]\npath = '{state.parent}/eve.json'\n",
    )
    assert all(one.well for one in found.values()), found


def test_every_mistake_of_the_responses_is_told_at_once_and_names_with_their_addresses(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "[respond]\nrepeats = 1\nprotect = ['router']\n[respond.breaker]\nper_minute = 0\n[backends.nft]\n"
    report = [one.words for one in findings(load(place.settings(respond=wrong))) if one.part == "respond"]
    assert [text.split(":")[0] for text in report] == [
        "respond.repeats",
        "respond.breaker.per_minute",
        "backends.nft",
        "respond.protect",
    ]

    def resolver(name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if name == "hub.example.net":
            return [(0, 0, 0, "", ("10.0.0.7", 0)), (0, 0, 0, "", ("fd00::7", 0, 0, 0))]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr("redshank.alerts.peer.unreached", lambda *_, **__: "")
    sinks = "[sinks.syslog]\nhost = 'logs.example.net'\n[sinks.mqtt]\nhost = 'hub.example.net'\n"
    told = _found(place, sinks=sinks)["respond"]
    assert told.well
    assert told.words.endswith(
        "; logs.example.net has no address now: put those that it may have into respond.protect; "
        "hub.example.net is 10.0.0.7, fd00::7"
    )


def test_an_archive_that_cannot_be_written_is_told_and_one_in_use_is_left_alone(place: Place) -> None:
    assert _found(place)["archive"].words == "none"
    folder = place.folder / "flows"
    folder.mkdir()
    (folder / "flows-now.parquet.part").write_text("being written")
    assert _found(place, archive=f"[archive]\nfolder = '{folder}'\n")["archive"].well
    assert (folder / "flows-now.parquet.part").exists()
    found = _found(place, archive=f"[archive]\nfolder = '{folder / 'flows-now.parquet.part'}'\n")["archive"]
    assert not found.well
    assert found.words.startswith("archive.folder: cannot write to folder")


def test_a_console_that_others_could_listen_in_on_is_told(place: Place) -> None:
    assert _found(place)["console"].words == "would be at http://127.0.0.1:8477"
    found = _found(place, console="[console]\nlisten = '0.0.0.0:8477'\nhosts = ['gateway']\n")["console"]
    assert not found.well
    assert found.words.startswith("console.listen: others can reach '0.0.0.0'")
