"""The API against its own description: requests drawn from it, fitting and unfitting, as an admin over a filled store.

No answer is a fault of the program, each has a status, a type and a form that the description names. `make
fuzz-console` draws more of them: REDSHANK_API_CASES is how many for each operation.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.filled import Filled
from console.front import Ask, Front, Route, Shown, front_of
from console.wanted import Wanted
from redshank.console.gate import API, LIVE, SAFE

CASES = int(os.environ.get("REDSHANK_API_CASES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def front(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    filled = first_filled.copied(tmp_path_factory.mktemp("openapi"))
    with front_of(filled) as made:
        Wanted(made)  # jobs end at once
        yield made
    filled.database.close()


def test_no_request_breaks_the_api_and_every_answer_is_as_described(front: Front) -> None:
    schema = schemathesis.openapi.from_dict(front.app.state.openapi())
    reader, tried = front.somebody("admin"), 0
    for found in schema.exclude(path=LIVE).get_all_operations():
        _try(front, found.ok(), reader)  # type: ignore[union-attr]  # a description that is wrong raises here
        tried += 1
    others = (".json", LIVE)  # the latter has no end; tests/console/programs/test_live.py follows it
    assert tried == len([route for route in front.routes() if route.program and not route.path.endswith(others)])
    assert front.ask(Route("GET", f"{API}/account/me", "viewer"), Ask(f"{API}/account/me"), reader).status_code == 200


def _try(front: Front, operation: Any, reader: Shown) -> None:
    both = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @seed(7)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(both)
    def case_is_answered(case: Any) -> None:
        # What changes something may change who asks.
        who = reader if operation.method.upper() in SAFE else front.somebody("admin")
        headers = {"authorization": f"Bearer {who.token}"}
        request = case.as_transport_kwargs(base_url=f"http://localhost{API}", headers=headers)
        request.pop("cookies", None)
        if isinstance(request.get("data"), bytes | str):
            request["content"] = request.pop("data")
        front.client.cookies.clear()
        answer = front.client.request(**request)
        case.validate_response(answer, checks=CHECKS)

    case_is_answered()
