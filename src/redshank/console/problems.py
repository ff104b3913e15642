"""Errors as a person or a program reads them.

In: what went wrong. Out: a page, or for the API problem+json (RFC 9457). The one idea: what is wrong with what was
asked is said in a sentence; what is wrong with the program has a number, under which the log has everything, and tells
nothing else.
"""

import logging
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from redshank.console.limits import protect
from redshank.console.page import render
from redshank.console.request_error import RequestError
from redshank.core.errors import ConfigError, RedshankError, StoreBusyError, StoreChangedError, StoreError

_log = logging.getLogger(__name__)
WORDS = {
    404: "There is no such page.",
    405: "This page does not take that.",
    429: "Too many attempts.",
}
AWAY = "The store cannot be read or written now. Try again in a moment; the log of the console says why."
BUSY = "The store is busy: another program has it for itself. Nothing was done; try again in a moment."
CHANGED = (
    "The store has tables of another version by now. Begin the console anew, with the program that the service is of."
)
AGAIN_S = 5
"""After how long a browser asks again for a page that the store could not give."""
_NUMBER = "number "
_PROBLEM = "application/problem+json"


def add_pages(app: FastAPI) -> None:
    """Let every error of the pages be a page."""

    def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, RedshankError)
        return _page(request, status_of(error), said(error))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = _page(request, error.status_code, [_words(error.status_code)])
        answer.headers.update(error.headers or {})
        return answer

    def unknown(request: Request, error: Exception) -> Response:
        number = _noted(request, error)
        answer = _page(request, 500, [f"Something went wrong in the program. The log has it under {number}."])
        # This one is answered outside of `Limits`.
        protect(MutableHeaders(raw=answer.raw_headers), request.url.scheme)
        return answer

    app.add_exception_handler(RedshankError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(
        RequestValidationError, lambda request, _: _page(request, 400, ["That is not understood."])
    )
    app.add_exception_handler(Exception, unknown)


def add_problems(api: FastAPI) -> None:
    """Let every error of the API be problem+json."""

    def known(_: Request, error: Exception) -> Response:
        assert isinstance(error, RedshankError)
        return _problem(status_of(error), said(error))

    def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _problem(error.status_code, [_words(error.status_code)])

    def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return _problem(422, list(told)[:50])

    def unknown(request: Request, error: Exception) -> Response:
        number = _noted(request, error)
        answer = _problem(500, [f"Something went wrong in the program. The log has it under {number}."])
        protect(MutableHeaders(raw=answer.raw_headers), request.url.scheme)
        return answer

    api.add_exception_handler(RedshankError, known)
    api.add_exception_handler(HTTPException, http)
    api.add_exception_handler(RequestValidationError, invalid)
    api.add_exception_handler(Exception, unknown)


def status_of(error: RedshankError) -> int:
    """Return HTTP's status for one of our errors."""
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, StoreError):
        return 503
    return 400 if isinstance(error, ConfigError) else 409


def said(error: RedshankError) -> list[str]:
    """Return an error as sentences; what ails the store is told to the log alone, for it names machines and paths."""
    if isinstance(error, StoreError):
        _log.warning("%s", error)
        return [
            BUSY if isinstance(error, StoreBusyError) else CHANGED if isinstance(error, StoreChangedError) else AWAY
        ]
    return error.problems if isinstance(error, ConfigError) else [str(error)]


def documented() -> dict[int | str, dict[str, Any]]:
    """Return what may be wrong with any request to the API, for its OpenAPI."""
    texts = ("type", "title", "detail")
    schema = {
        "type": "object",
        "required": [*texts, "status"],
        "properties": {**{name: {"type": "string"} for name in texts}, "status": {"type": "integer"}},
    }
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {_PROBLEM: {"schema": schema}}}
        for status in (400, 401, 403, 404, 409, 413, 422, 503)
    }


def refused(request: Request, error: RedshankError, *, program: bool) -> Response:
    """Return the answer to a request that was not let in.

    Args:
        request: What was asked for.
        error: Why not.
        program: Whether a program asks.
    """
    if program:
        answer = _problem(status_of(error), said(error))
        if answer.status_code == 401:
            answer.headers["www-authenticate"] = "Bearer"
        return answer
    return _page(request, status_of(error), said(error))


def _words(status: int) -> str:
    return WORDS.get(status) or f"{HTTPStatus(status).phrase}."


def _page(request: Request, status: int, lines: Sequence[str]) -> Response:
    scope: Any = request.scope
    if "part" in request.query_params:  # a script asked for a part: it has no room for a page
        scope["query_string"] = b""
        request = Request(scope, request.receive)
    answer = render(request, "problem.html", status=status, code=status, lines=lines)
    if status == 503 and request.method == "GET":
        answer.headers["refresh"] = str(AGAIN_S)
    return answer


def _problem(status: int, lines: Sequence[str]) -> Response:
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": "\n".join(lines)}
    return JSONResponse(content, status, media_type=_PROBLEM)


def _noted(request: Request, error: Exception) -> str:
    """Write a fault into the log, once, and return its number."""
    for note in getattr(error, "__notes__", ()):  # the API's faults come by here twice
        if note.startswith(_NUMBER):
            return str(note.removeprefix(_NUMBER))
    number = secrets.token_hex(4)
    error.add_note(f"{_NUMBER}{number}")
    _log.error("%s %s: error %s", request.method, request.url.path, number, exc_info=error)
    return number
