import socket
from pathlib import Path

import pytest

from bundles import flows
from redshank.checking import findings
from redshank.config import load
from redshank.core.errors import ConfigError
from redshank.parts import Parts
from redshank.running import Running
from runs import ATTACK
from sites import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    return made


def test_a_part_is_made_once_and_where_all_is_well_nothing_is_told_or_left(place: Place) -> None:
    parts = Parts(load(place.settings()))
    before = set(place.folder.rglob("*"))
    assert parts.problems().lines == []
    assert parts.detectors is parts.detectors
    assert set(place.folder.rglob("*")) == before


def test_a_service_and_a_check_tell_the_same_mistakes_of_folders_sources_sinks_and_responses_at_once(
    place: Place,
) -> None:
    settings = load(
        place.settings(
            sources=f"[[sources]]\ninterfaces = ['nowhere0']\n"
            f"[[sources]]\ntool = 'table'\npath = '{place.folder}/none'\nfollow = false\n",
            detect="[detect]\nbundle = '/nowhere'\ndetectors = ['classifier', 'typo']\n",
            sinks="[sinks.evve]\n",
            respond="[respond]\nbackend = 'iptables'\n",
            archive=f"[archive]\nfolder = '/proc/nowhere'\n[store]\nurl = '{place.folder}'\n",
            service="[service]\nstate = '/proc/nowhere'\nmetrics = 'x'\n",
        )
    )
    with pytest.raises(ConfigError) as caught:
        Running(settings)
    checked = [one.words for one in findings(settings) if not one.well]
    assert sorted(caught.value.problems) == sorted(checked)
    for wanted in (
        "sources.0.interfaces: no interface 'nowhere0'",
        f"sources.1.path: {place.folder}/none: no such file",
        "detect.bundle: bundle /nowhere: not a folder",
        "detect.detectors: no 'typo'",
        "sinks.evve: 'evve' is no sink",
        "respond.backend: no 'iptables'",
        "archive.folder: cannot write to folder '/proc/nowhere'",
        "service.state: cannot write to folder '/proc/nowhere'",
        f"store: '{place.folder}' is a folder",
        "service.metrics: 'x' is no address",
    ):
        assert sum(one.startswith(wanted) for one in checked) == 1, (wanted, checked)


def test_an_address_for_metrics_that_is_taken_is_told_with_the_other_mistakes(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        service = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '{where}'\n"
        settings = load(place.settings(service=service, sinks="[sinks.evve]\n"))
        with pytest.raises(ConfigError) as caught:
            Running(settings)
    said = [problem.partition(";")[0] for problem in caught.value.problems]
    assert said == [
        "sinks.evve: 'evve' is no sink",
        f"service.metrics: cannot listen at '{where}' (Address already in use)",
    ]
