from pathlib import Path

import pytest

from redshank.alerts.sinks.eve import Eve
from redshank.config import Alerts, Detect, Respond, Service, Settings, Store
from redshank.core.errors import ConfigError
from redshank.core.metrics import Metrics
from redshank.detect.default import ANOMALY
from redshank.detect.detectors.classifier import Classifier
from redshank.respond.backends.dry_run import DryRun
from redshank.respond.policy import DEFAULT
from redshank.site import (
    backend,
    breaker,
    called,
    detectors,
    device_groups,
    grouping,
    places,
    policy,
    protected,
    sinks,
)


def test_sinks_are_made_of_their_tables(tmp_path: Path) -> None:
    made = sinks(
        Settings(sinks={"eve": {"path": str(tmp_path / "a")}, "mine": {"kind": "eve", "path": str(tmp_path / "b")}})
    )
    assert made == {"eve": Eve(tmp_path / "a"), "mine": Eve(tmp_path / "b")}


def test_every_mistake_of_every_sink_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        sinks(Settings(sinks={"eve": {"pth": "x"}, "office": {"url": "x"}, "eve2": {"kind": "eve"}}))
    text = caught.value.problems
    assert text[0].startswith("sinks.eve.path: nothing given")
    assert text[1].startswith("sinks.eve.pth: there is no such setting")
    assert text[2].startswith("sinks.office: 'office' is no sink; there are ")
    assert text[3].startswith("sinks.eve2.path: nothing given")


def test_how_much_evidence_an_alert_takes_is_as_the_settings_say() -> None:
    alerts = Alerts(chance=1e-4, window_s=60.0, assets={"10.0.0.1": "critical"})
    made = grouping(Settings(alerts=alerts, detect=Detect(false_alarm_rate=0.001)))
    assert (made.early, made.chance, made.false_alarm_rate, made.window_s) == (True, 1e-4, 0.001, 60.0)
    assert made.assets == {"10.0.0.1": "critical"}


def test_all_detectors_share_the_rate_and_take_their_settings() -> None:
    chosen = Settings(
        detect=Detect(detectors=("classifier", "anomaly", "signatures")),
        detectors={"anomaly": {"warm_up": 0, "shipped": True}, "signatures": {"starter": True}},
    )
    made = detectors(chosen, Metrics())
    assert [type(one).__name__ for one in made] == ["Classifier", "Anomaly", "Signatures"]
    alone = detectors(Settings(), Metrics())
    assert isinstance(alone[0], Classifier)
    assert isinstance(made[0], Classifier)
    assert made[0].threshold >= alone[0].threshold


def test_what_has_not_learnt_this_network_says_nothing_and_leaves_its_share_to_others() -> None:
    both = detectors(Settings(detect=Detect(detectors=("classifier", "anomaly"))), Metrics())
    alone = detectors(Settings(), Metrics())
    assert [type(one).__name__ for one in both] == ["Classifier", "Unlearned"]
    assert "`redshank learn` makes a bundle of it, to be named as detectors.anomaly.bundle" in both[1].silent
    assert isinstance(both[0], Classifier)
    assert isinstance(alone[0], Classifier)
    assert both[0].threshold == alone[0].threshold
    named = Settings(detect=Detect(detectors=("anomaly",)), detectors={"anomaly": {"bundle": ANOMALY}})
    assert type(detectors(named, Metrics())[0]).__name__ == "Anomaly"


def test_groups_of_devices_are_networks() -> None:
    chosen = Settings(detect=Detect(groups={"10.0.0.0/24": "cameras"}))
    assert device_groups(chosen).of("10.0.0.7") == "cameras"
    wrong = Settings(detect=Detect(groups={"10.0.0.7/24": "cameras"}))
    for make in (lambda: device_groups(wrong), lambda: detectors(wrong, Metrics())):
        with pytest.raises(ConfigError, match=r"detect\.groups: 10\.0\.0\.7/24 has host bits set"):
            make()
    many = {f"10.0.{at}.0/24": f"plant {at}" for at in range(64)}
    with pytest.raises(ConfigError, match=r"detect\.groups: 65 groups with 'all', 64 are told apart at most"):
        device_groups(Settings(detect=Detect(groups=many)))


def test_every_mistake_of_every_detector_is_told_at_once() -> None:
    chosen = Settings(
        detect=Detect(detectors=("classifier", "anomaly", "psychic")),
        detectors={"anomaly": {"warm_up": -1}, "signatures": {}},
    )
    with pytest.raises(ConfigError) as caught:
        detectors(chosen, Metrics())
    text = caught.value.problems
    assert text[0].startswith("detectors.anomaly.warm_up: -1 is not allowed")
    assert text[1].startswith("detect.detectors: no 'psychic'")
    assert text[2].startswith("detectors.signatures: not among detect.detectors")


def test_the_policy_is_the_careful_one_unless_the_settings_give_a_table() -> None:
    assert policy(Settings()).rules == DEFAULT
    made = policy(Settings(respond=Respond(rules=({"measure": "notify", "family": ["dos"]},), repeats=5)))
    assert [(rule.measure, rule.family) for rule in made.rules] == [("notify", ("dos",))]
    assert made.repeats == 5
    assert (policy(Settings()).fresh_s, policy(Settings(respond=Respond(fresh_s=60.0))).fresh_s) == (3_600.0, 60.0)
    with pytest.raises(ConfigError) as caught:
        policy(Settings(respond=Respond(rules=({"measure": "drop"}, {"ttl": 5, "measure": "block"}), repeats=1)))
    text = "\n".join(caught.value.problems)
    for wanted in ("respond.rules.0.measure: 'drop'", "respond.rules.1.ttl: there is no such", "respond.repeats: 1"):
        assert wanted in text, text


def test_the_backend_and_its_settings_are_chosen_by_name() -> None:
    assert isinstance(backend(Settings()), DryRun)
    with pytest.raises(ConfigError, match=r"backends.nftables.packets_per_s: 'many' is not allowed"):
        backend(Settings(respond=Respond(backend="nftables"), backends={"nftables": {"packets_per_s": "many"}}))
    with pytest.raises(ConfigError, match=r"respond.breaker.*per_minute: 0"):
        breaker(Settings(respond=Respond(breaker={"per_minute": 0})))
    with pytest.raises(ConfigError, match=r"respond.protect: .*'router'"):
        protected(Settings(respond=Respond(protect=("router",))))


def test_a_mistake_in_a_rule_is_told_with_the_number_of_the_rule() -> None:
    rules = ({"measure": "notify"}, {"measure": "block", "severity": ["bad"], "ttl_s": -1})
    with pytest.raises(ConfigError) as caught:
        policy(Settings(respond=Respond(rules=rules)))
    assert caught.value.problems == [
        "respond.rules.1.severity: 'bad' is not allowed; allowed are low, medium, high, critical",
        "respond.rules.1.ttl_s: -1.0 is not allowed; give seconds above 0, at most 2592000",
    ]


def test_a_table_that_nobody_would_read_is_told() -> None:
    with pytest.raises(ConfigError, match=r"detectors.classifier: its settings stand in the table \[detect\]"):
        detectors(Settings(detectors={"classifier": {"bundle": "mine"}}), Metrics())
    with pytest.raises(ConfigError) as caught:
        backend(Settings(backends={"nftable": {}, "nftables": {"packets_per_s": 0}, "dry_run": {"bridges": "maybe"}}))
    text = caught.value.problems
    assert text[0].startswith("backends.dry_run.bridges: 'maybe' is not allowed")
    assert text[1].startswith("backends.nftable: no 'nftable'; did you mean 'nftables'?")
    assert text[2].startswith("backends.nftables: nftables.packets_per_s: 0 is not allowed")


def test_where_the_store_and_the_metrics_are_to_be_is_looked_at_without_opening_them() -> None:
    places(Settings(store=Store(url="postgresql://redshank@db.invalid/redshank"), service=Service(metrics="")))
    with pytest.raises(ConfigError) as caught:
        places(Settings(store=Store(url="mysql://db/redshank"), service=Service(metrics="9477")))
    assert caught.value.problems == [
        "store: 'mysql://...' is not known; give a path, or postgresql://user@host/name",
        "service.metrics: '9477' is no address and port; give one as in '127.0.0.1:9477'",
    ]


def test_whom_the_service_itself_talks_to_is_protected_if_it_is_named_by_address() -> None:
    settings = Settings(
        sinks={
            "mqtt": {"host": "10.0.0.5"},
            "office": {"kind": "syslog", "host": "logs.example.net"},
            "webhook": {"url": "https://[fd00::7]:8443/alerts"},
            "eve": {"path": "eve.json"},
        },
        store=Store(url="postgresql://redshank@10.0.0.6/redshank"),
        respond=Respond(protect=("10.0.0.9",)),
    )
    assert protected(settings) == (
        ("10.0.0.9", "settings"),
        ("10.0.0.5", "peer of sink mqtt"),
        ("fd00::7", "peer of sink webhook"),
        ("10.0.0.6", "store"),
    )
    assert called(settings) == (("logs.example.net", "peer of sink office"),)
    assert protected(Settings(sinks={"webhook": {"url": "http://[::1"}})) == ()


def test_the_host_of_an_address_that_is_kept_as_a_secret_is_a_peer_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("https://10.0.0.8/s3cret\n")
    monkeypatch.setenv("HOOK", "https://hooks.example.net/s3cret")
    sinks = {
        "webhook": {"url_file": str(tmp_path / "url")},
        "other": {"kind": "webhook", "url_env": "HOOK"},
        "gone": {"kind": "webhook", "url_file": str(tmp_path / "gone")},
    }
    settings = Settings(sinks=sinks, store=Store(url="postgresql://redshank@localhost/redshank"))
    assert protected(settings) == (("10.0.0.8", "peer of sink webhook"),)
    assert called(settings) == (("hooks.example.net", "peer of sink other"),)
