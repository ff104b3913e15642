"""A real Prometheus scrapes a service as the documents say, and has an answer to every question of the dashboard."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bundles import flows
from peers import until
from redshank.config import load
from redshank.core.metrics import COUNTERS, GAUGES, Metrics
from redshank.running import Running
from sites import ATTACK, Place

ROOT = Path(__file__).resolve().parents[2]
BOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/redshank.json").read_text())
GUIDE = (ROOT / "docs/how-to/run-as-a-service.md").read_text()
TARGETS = [(panel["title"], target) for panel in BOARD["panels"] for target in panel.get("targets", ())]
ALARMS = re.search(r"Worth an alarm of Prometheus: (.*?), and", GUIDE, re.DOTALL)
FROM_NOTHING = ("alerts", "dead_letters", "source_failures", "shed_rows", "lost", "archive_failures", "filed_alerts")
"""A series that begins at 1 has not grown: counters whose first is news are there at 0 from the beginning."""

pytestmark = pytest.mark.service


class Asked:
    """A Prometheus that watches one service.

    Args:
        base: Its address.
        metrics: What the service counts into.
    """

    def __init__(self, base: str, metrics: Metrics) -> None:
        self.metrics = metrics
        self._client = httpx.Client(base_url=f"{base}/api/v1", trust_env=False, timeout=30)

    def close(self) -> None:
        """Ask no more."""
        self._client.close()

    def get(self, path: str, **asked: str) -> Any:
        """Return the data of the answer to a GET."""
        told = self._client.get(path, params=asked).json()
        assert told["status"] == "success", told
        return told["data"]

    def series(self, query: str) -> list[dict[str, Any]]:
        """Return the labels and values that a query finds now."""
        return self.get("/query", query=query)["result"]  # type: ignore[no-any-return]  # JSON

    def some(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds, as soon as it finds something: after a scrape that came too late it does not."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = self.series(query)
            return bool(found)

        until(look)
        return found


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("watched")
    place = Place(folder)
    place.table(flows(ATTACK))
    settings = place.settings(service=f"[service]\nstate = '{folder / 'state'}'\nmetrics = '127.0.0.1:0'\n")
    (block,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", GUIDE, re.DOTALL)
    config = yaml.safe_load(block)
    with Running(load(settings)) as running:
        running.run()
        until(lambda: running.metrics.total("redshank_deliveries_total") > 0)
        for name, (_, labels) in COUNTERS.items():
            if labels and not running.metrics.labelled(name):  # what did not happen to this service
                running.metrics.count(name, **dict.fromkeys(labels, "x"))
        running.metrics.expect("redshank_anomalies_total", stage="capture", name="ring_dropped")  # as of a wire
        running.metrics.set("redshank_drift_psi", 0.1, **dict.fromkeys(GAUGES["redshank_drift_psi"][1], "x"))
        config["global"] = {"scrape_interval": "200ms", "scrape_timeout": "200ms"}
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{running.metrics_port}"]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        command = [
            *(shutil.which("prometheus") or "prometheus", f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'series'}", "--web.listen-address=127.0.0.1:0"),
        ]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                assert server.stderr
                said = next(line for line in server.stderr if 'msg="Listening on"' in line)
                base = f"http://{said.rsplit('address=')[1].split()[0]}"
                with closing(Asked(base, running.metrics)) as asking:
                    until(lambda: asking.series("count_over_time(redshank_waiting_rows[1m]) > 1"))
                    yield asking
            finally:
                server.kill()


def test_the_service_is_up_as_the_guide_has_it_scraped(asked: Asked) -> None:
    def up() -> bool:  # not so for a moment where a busy machine lets a scrape come too late
        (one,) = asked.get("/targets")["activeTargets"]
        return (one["health"], one["lastError"], one["labels"]["job"]) == ("up", "", "redshank")

    until(up)


def test_the_board_finds_the_instances_that_there_are(asked: Asked) -> None:
    asks = BOARD["templating"]["list"][1]["query"]["query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", asks).groups()  # type: ignore[union-attr]  # fits
    (found,) = asked.get(f"/label/{label}/values", **{"match[]": metric})
    assert found.startswith("127.0.0.1:")


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=[f"{title}-{one['refId']}" for title, one in TARGETS])
def test_a_panel_has_something_to_draw_and_a_name_for_each_line(
    asked: Asked, title: str, target: dict[str, Any]
) -> None:
    for instance in (".*", "127.0.0.1:.+"):
        found = asked.some(target["expr"].replace("$instance", instance))
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert all(one["metric"].get(label) for one in found), title


def test_what_the_guide_would_be_woken_by_can_be_asked(asked: Asked) -> None:
    assert ALARMS
    expressions = re.findall(r"`(redshank_[^`]+|increase[^`]+)`", ALARMS[1])
    assert len(expressions) == 6
    for one in expressions:
        asked.series(one)
        assert set(re.findall(r"redshank_\w+", one)) <= set(COUNTERS | GAUGES)


@pytest.mark.parametrize("name", [f"redshank_{one}_total" for one in FROM_NOTHING])
def test_the_first_of_its_kind_is_seen_to_happen(asked: Asked, name: str) -> None:
    quiet = asked.some(f"{name} == 0")[0]["metric"]
    asked.metrics.count(name, **{label: quiet[label] for label in COUNTERS[name][1]})
    until(lambda: asked.series(f"increase({name}[1m]) > 0"))
