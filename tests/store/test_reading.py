import json

from records import alert
from redshank.store.reading import read_alert, read_evidence


def test_an_alert_of_before_it_had_all_its_fields_is_read() -> None:
    values = json.loads(alert().to_json())
    for name in ("rules", "techniques", "over", "revision"):
        del values[name]
    del values["evidence"][0]["p_value"]
    assert read_alert(json.dumps(values)) == alert()
    assert read_evidence(json.dumps(values["evidence"][0])).p_value is None


def test_what_a_record_has_no_more_is_left_out() -> None:
    values = json.loads(alert().to_json()) | {"mood": "good"}
    values["evidence"][0]["mood"] = "bad"
    assert read_alert(json.dumps(values)) == alert()
    assert read_evidence(json.dumps(values["evidence"][0])) == alert().evidence[0]
