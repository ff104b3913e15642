from redshank.console.request_error import RequestError


def test_a_refusal_has_a_status_and_a_sentence() -> None:
    error = RequestError(404, "There is no alert 'a1'.")
    assert (error.status, str(error)) == (404, "There is no alert 'a1'.")
