"""A request that is not answered as it was meant: HTTP's status, and why in a sentence for a person."""

from redshank.core.errors import RedshankError


class RequestError(RedshankError):
    """What was asked for is not there (404), may not be done (403), is too much (413), ...

    Args:
        status: HTTP's.
        words: Why, and what to do.

    Example:
        >>> RequestError(404, "There is no alert 'a1'.").status
        404
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
