"""For every page what the API has that does the same, and for every fact that pages show the answers that tell it.

Pages, operations, facts and their fields come from the program; one that is not named here makes tests fail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

PAGES: Mapping[str, tuple[str, ...]] = {
    "GET /overview": ("GET /overview",),
    "GET /alerts": ("GET /alerts", "GET /alerts/groups"),
    "POST /alerts/judge": ("POST /alerts/judge", "POST /alerts/judge-all"),
    "GET /alerts/{name}": ("GET /alerts/{name}",),
    "POST /alerts/{name}/judge": ("POST /alerts/judge",),
    "POST /alerts/{name}/comment": ("POST /alerts/{name}/comments",),
    "GET /alerts/{name}/false-alarm": ("GET /alerts/{name}/false-alarm", "POST /allowances/preview"),
    "POST /alerts/{name}/false-alarm": ("POST /alerts/{name}/false-alarm",),
    "GET /labels": ("POST /labels/next", "GET /labels/counts"),
    "POST /labels/answer": ("POST /labels/questions/{question}/answer",),
    "POST /labels/skip": ("POST /labels/questions/{question}/skip",),
    "POST /labels/undo": ("POST /labels/undo",),
    "POST /labels/again": ("POST /labels/again",),
    "GET /labels/questions": ("GET /labels/questions", "GET /labels/counts"),
    "GET /labels/questions/{question}": ("GET /labels/questions/{question}", "GET /labels/given"),
    "GET /labels/given": ("GET /labels/given",),
    "GET /labels/given/{label}": ("GET /labels/given/{label}",),
    "POST /labels/given/{label}/withdraw": ("POST /labels/given/{label}/withdraw",),
    "GET /labels/people": ("GET /labels/agreement",),
    "GET /labels/curve": ("GET /labels/curve",),
    "POST /labels/curve": ("POST /labels/curve",),
    "GET /models": ("GET /models/shelf", "GET /models/decisions", "GET /models/jobs"),
    "GET /models/bundles/{name}": ("GET /models/bundles/{name}", "GET /models/decisions"),
    "POST /models/bundles/{name}/gate": ("POST /models/bundles/{name}/gate",),
    "POST /models/bundles/{name}/shadow": ("POST /models/bundles/{name}/shadow",),
    "POST /models/bundles/{name}/measure": ("POST /models/bundles/{name}/measure",),
    "POST /models/shadow/off": ("DELETE /models/shadow",),
    "GET /models/compare": ("GET /models/compare",),
    "POST /models/compare": ("POST /models/compare",),
    "GET /models/decisions/{place}": ("GET /models/decisions/{place}",),
    "POST /models/rollback": ("POST /models/rollback",),
    "POST /models/retrain": ("POST /models/retrain",),
    "GET /models/jobs": ("GET /models/jobs",),
    "GET /models/jobs/{job}": ("GET /models/jobs/{job}",),
    "POST /models/jobs/{job}/cancel": ("POST /models/jobs/{job}/cancel",),
    "GET /devices": ("GET /devices",),
    "GET /devices/{name:path}": ("GET /devices/{name:path}",),
    "GET /responses": ("GET /responses",),
    "GET /responses/action/{name}": ("GET /responses/actions/{name}",),
    "GET /responses/ledger": ("GET /responses/ledger", "GET /responses"),
    "GET /responses/protected": ("GET /responses/protected",),
    "POST /responses/approve": ("POST /responses/approve",),
    "POST /responses/undo": ("POST /responses/undo",),
    "POST /responses/allow": ("POST /responses/allow",),
    "GET /responses/flush": ("GET /responses",),
    "POST /responses/flush": ("POST /responses/flush",),
    "GET /responses/block": ("POST /responses/rehearse",),
    "POST /responses/block": ("POST /responses/block",),
    "GET /rules": ("GET /rules",),
    "GET /rules/{name:path}": ("GET /rules/{name:path}",),
    "GET /allowances": ("GET /allowances",),
    "GET /allowances/new": ("POST /allowances/preview",),
    "POST /allowances/new": ("POST /allowances",),
    "POST /allowances/{name}/extend": ("POST /allowances/{name}/extend",),
    "POST /allowances/{name}/withdraw": ("POST /allowances/{name}/withdraw",),
    "GET /settings": ("GET /settings",),
    "GET /audit": ("GET /audit",),
    "GET /account": ("GET /account/me", "GET /account/sessions", "GET /account/tokens"),
    "POST /account/leave": ("POST /account/leave",),
    "POST /account/tokens/{token}/withdraw": ("POST /account/tokens/{token}/withdraw",),
    "GET /account/people": ("GET /account/people", "GET /account/tokens"),
    "POST /account/people/{name}/disable": ("POST /account/people/{name}/disable",),
    "GET /live": ("GET /live",),
    "GET /account/api": ("GET /openapi.json",),
    "GET /account/openapi.json": ("GET /openapi.json",),
}
"""Operations below /api/v1 by the page for which they stand."""
_BY_HAND = "gives somebody more than they had, so it is made by hand alone, whoever has a token"
BY_HAND: Mapping[str, str] = {
    "GET /": "only leads to the overview",
    "GET /healthz": "nobody has to be logged in for it, a program neither",
    "GET /static/{name}": "how the pages look",
    "POST /theme": "how the pages look",
    "GET /login": "a program shows its token with each request",
    "POST /login": "a program shows its token with each request",
    "POST /logout": "a program shows its token with each request",
    "POST /account/password": "who has a token need not know the password, and must not be able to set it",
    "POST /account/tokens": _BY_HAND,
    "POST /account/people": _BY_HAND,
    "POST /account/people/{name}/role": _BY_HAND,
    "POST /account/people/{name}/password": _BY_HAND,
    "POST /account/people/{name}/enable": _BY_HAND,
}
"""Pages that the API leaves out, each with the reason."""
ELSEWHERE = frozenset({("GET /alerts/{name}/false-alarm", "POST /allowances/preview")})
"""Pages of one area that another area's operation stands for."""


@dataclass(frozen=True)
class Told:
    """Where the API tells a fact.

    Args:
        schemas: Names in the OpenAPI description.
        named: Fields of the fact that are called otherwise there, or are part of something there.
        left: Fields that are not told, each with the reason.
    """

    schemas: tuple[str, ...]
    named: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)


def _as(*schemas: str, left: Mapping[str, str] | None = None, **named: str) -> Told:
    return Told(schemas, named, left or {})


_DRAWN = "a drawing of what is told"
_MODEL = "what a model is given, which no page shows"
FACTS: Mapping[str, Told] = {
    "alert.Case": _as(
        "CaseModel",
        filed="alert",
        left={"flows": _DRAWN, "beside": _DRAWN, "rules": "the alert names them, GET /rules/{name} tells of each"},
    ),
    "alert.Falsely": _as("FalselyModel"),
    "alerts.Sum": _as("GroupModel", group="value"),
    "alerts.Listing": _as(
        "Page", rows="alerts", left={"counted": "the total in words", "sums": "GET /alerts/groups tells them"}
    ),
    "allowances.Suggestion": _as("SuggestionModel"),
    "allowances.Preview": _as("EffectModel", effect="open", left={"allowance": "what was asked about"}),
    "audit.Page": _as("EntriesNow"),
    "devices.Row": _as("DeviceNow", device="id", value="worth"),
    "devices.Rows": _as("DevicesNow", rows="devices"),
    "devices.About": _as("AboutNow", row="device", said="labels", left={"usual_hours": _DRAWN}),
    "given.Given": _as("LabelRow", label="id", line="flow"),
    "given.Agreement": _as("AgreementOut", several="by_several", alpha="krippendorff_alpha"),
    "labels.Choice": _as("QuestionOut", family="families", left={"key": "a key of the keyboard"}),
    "labels.Value": _as(
        "QuestionOut",
        name="flow",
        value="flow",
        left=dict.fromkeys(("meaning", "unit"), "the same for every flow: docs/reference/records.md"),
    ),
    "labels.Beside": _as("QuestionRow", question="id", line="flow"),
    "labels.Shown": _as(
        "QuestionOut",
        question="id",
        lines="in_words",
        values="flow",
        likely="probabilities",
        choices="families",
        device="device_id",
    ),
    "learning.Learning": _as("CurveOut", promise="next_answers", left={"figure": _DRAWN}),
    "learning.Verdict": _as("CountsOut", text="verdict"),
    "likeness.Like": _as("LikeModel", filed="id"),
    "models.Figure": _as("FigureOut"),
    "models.Shelved": _as("BundleCase", manifest="model", measured="evaluation"),
    "models.Decided": _as("DecisionOut", entry="what", paired="evidence", gate="evidence"),
    "models.Models": _as("ShelfOut", left={"decided": "GET /models/decisions tells them"}),
    "models.Difference": _as("DifferenceOut"),
    "models.Judged": _as("JudgedOut"),
    "overview.AtRisk": _as("AtRiskNow", name="device"),
    "overview.InService": _as("Now", since_s="champion_since_s", problem="shelf_problem"),
    "overview.Need": _as("NeedNow"),
    "overview.Newest": _as("NewestNow"),
    "overview.Moment": _as(
        "Now",
        span_s="span",
        verdicts="flows",
        owed="deliveries",
        in_service="champion",
        left={"ledger": "GET /responses tells it"},
    ),
    "reasons.Reason": _as("ReasonModel"),
    "responses.State": _as(
        "StateNow",
        allowed="let_alone",
        held_up="breaker_open_because",
        approved_lately="approved_in_a_minute",
    ),
    "responses.Actions": _as("StateNow", state="waiting"),
    "responses.Line": _as("LineNow"),
    "rules.Ruled": _as("RuleText", rule="name"),
    "rules.Listed": _as("WatchlistModel"),
    "rules.Book": _as("BookModel"),
    "settings.Shown": _as("SettingsNow", parts="settings"),
    "story.Event": _as("EventModel"),
    "training.Ready": _as("ReadyOut"),
    "usual.AtHour": _as("AtHour"),
    "usual.Usual": _as("UsualNow", names="offers"),
    "active.replayed.Gained": _as("Gained"),
    "active.replayed.Reached": _as("Reached"),
    "active.replayed.Replayed": _as("Replayed"),
    "console.jobs.Job": _as("JobCase", left=dict.fromkeys(("pid", "born"), "a process of the console's machine")),
    "console.jobs.Progress": _as("ProgressOut"),
    "core.allowance.Allowance": Told(
        ("AllowanceModel",),
        dict.fromkeys(("source", "destination", "network", "device", "port", "domain", "family", "rule"), "terms"),
    ),
    "core.bundle.Manifest": _as(
        "BundleCase",
        feature_version="feature_set",
        provenance="made_from",
        left={
            "calibration": "GET /models/compare tells what differs of it",
            "fingerprint": _MODEL,
            "format": "of the file",
        },
    ),
    "core.records.Action": _as("ActionPast", by="proposed_by", at_s="proposed_at_s"),
    "core.records.Alert": _as("AlertModel"),
    "core.records.Evidence": _as("Flow"),
    "core.records.Label": _as("LabelCase", left={"uid": "its question has it"}),
    "detect.agreed.Agreed": _as(
        "AgreedOut",
        "ShelfOut",
        interval="low",
        left={
            **dict.fromkeys(("champion_sha256", "shadow_sha256", "pair"), "the bundles of the shelf have them"),
            "differing": "the families sum to it",
        },
    ),
    "detect.agreed.OfFamily": _as("OfFamily"),
    "detect.measured.Measured": _as("BundleCase", on="measured_on", at_s="measured_at_s"),
    "detect.shelf.Entry": _as(
        "DecisionOut", reason="reasons", left={"torn": "GET /models/shelf tells of a line that is not whole"}
    ),
    "detect.sigma.rule.Rule": Told(
        ("RuleText",), {"silent": "state", **dict.fromkeys(("tags", "test", "columns", "counting"), "text")}
    ),
    "pipeline.allowing.Effect": _as("EffectModel"),
    "report.in_force.Chosen": _as("SettingNow", is_default="chosen"),
    "report.in_force.Part": _as("SettingNow", heading="section", meaning="about", chosen="name"),
    "respond.chain.Event": _as("EventNow"),
    "respond.states.Breaker": _as(
        "StateNow", per_minute="most_in_a_minute", left={"most_waiting": "no page shows it; GET /settings has it"}
    ),
    "respond.states.Entry": _as(
        "ActionPast",
        action="id",
        approval="waits_for_approval",
        changed_s="changed_at_s",
        left={"key": "what the kernel is told, of what is told"},
    ),
    "store.alerts.Filed": _as("AlertModel", alert="id"),
    "store.alerts.Group": _as("GroupModel"),
    "store.allowances.Given": _as("GivenModel", withdrawn="state"),
    "store.audit.Entry": _as("EntryNow"),
    "store.credentials.Session": _as(
        "SessionNow",
        left={"digest": "of a secret", **dict.fromkeys(("account", "role"), "whose token it is: GET /account/me")},
    ),
    "store.credentials.Token": _as(
        "TokenNow",
        role="may",
        account_role="may",
        left={"withdrawn_at_s": "only those that were not withdrawn are shown"},
    ),
    "store.devices.Device": _as("DeviceNow"),
    "store.devices.SeenBundle": _as("JudgedHere"),
    "store.drift.Reading": _as("GroupNow", left={"place": "in the store"}),
    "store.people.Account": _as(
        "Account", left={"password": "a hash, which no page shows", "changed_at_s": "no page shows it"}
    ),
    "store.question.Question": _as(
        "QuestionOut",
        left={
            **dict.fromkeys(("feature_set", "fingerprint", "x", "values", "measures", "bundle_sha256"), _MODEL),
            "classes": "the probabilities name them",
            "place": "questions come in its order",
        },
    ),
    "store.risk.Risk": _as("RiskNow"),
    "store.runs.Health": _as("Health"),
    "store.runs.Judge": _as("Judge"),
    "store.runs.SourceHealth": _as("SourceHealth"),
    "store.told_of.Said": _as(
        "AboutNow",
        question="questions",
        label="labels",
        left=dict.fromkeys(
            ("uid", "asked_at_s", "why", "family", "annotator", "given_at_s"),
            "GET /labels/questions/{question} and GET /labels/given/{label} tell it",
        ),
    ),
    "store.traffic.Share": _as("ServiceNow", left={"start_s": "of the whole span"}),
    "store.usual.Hour": _as("TrafficNow"),
    "store.usual.Name": _as(
        "NameNow",
        left={"kind": "the list in which it stands", **dict.fromkeys(("others", "seen_s"), "no page shows it")},
    ),
}
"""Facts that pages show, by the module (below console/facts, or from the package) and the class, and who tells them."""
NO_FACTS: Mapping[str, str] = {
    "audit.Wanted": "what is asked for",
    "given.Wanted": "what is asked for",
    "console.charts.Chart": "how a chart is drawn",
    "console.charts.Ranges": "how a chart is drawn",
    "report.page.Html": "a drawing",
    "responses.Book": "reads the ledger",
    "responses.ReadOnce": "reads the ledger",
    "rules.Rulebook": "reads the rules",
    "detect.sigma.match.Test": "the rule as it is written says it",
    "detect.sigma.rule.Counting": "the rule as it is written says it",
}
"""What stands beside facts and is none, each with the reason."""
