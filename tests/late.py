"""A file of tests is read by the process that runs it, not by each of several.

In: the files that pytest finds. Out: one item for each, which is what the processes share; who gets it reads the file
and runs what is in it, test by test, each reported under its own name. So nobody imports what another one tests, and
nobody makes eleven thousand items to run a third of them.
"""

from collections.abc import Generator, Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest


class Late(pytest.Item):
    """All tests of a file.

    Args:
        found: What collects them, once it is asked.
        given: What pytest gives every node.
    """

    def __init__(self, *, found: list[pytest.Collector], **given: Any) -> None:
        super().__init__(**given)
        self.found = found
        self.add_marker(pytest.mark.timeout(0))  # each test has its own

    def runtest(self) -> None:
        """Never happens: `LateFiles.pytest_runtest_protocol` runs the tests instead."""
        raise NotImplementedError


class _File(pytest.File):
    def __init__(self, *, found: list[pytest.Collector], **given: Any) -> None:
        super().__init__(**given)
        self.found = found

    def collect(self) -> Iterator[pytest.Item]:
        yield Late.from_parent(self, name="its tests", found=self.found)


class LateFiles:
    """A plugin of each of several processes that are given files one by one (`--dist load --maxschedchunk 1`)."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Put one item in place of what would be read."""
        found = yield
        return [_File.from_parent(parent, path=file_path, found=found)] if found else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run the tests of a file one after the other."""
        if not isinstance(item, Late):
            return None
        session = item.session
        tests = _read(session, item.found)
        at = session.items.index(item)
        for test, then in pairwise([*tests, nextitem]):
            assert test is not None
            # A report is sent to the process that prints it for the item at this place, and must be of it.
            session.items[at] = test
            test.ihook.pytest_runtest_protocol(item=test, nextitem=then)
            if session.shouldfail or session.shouldstop:
                break
        session.items[at] = item
        return True


def _read(session: pytest.Session, found: Iterable[pytest.Collector]) -> list[pytest.Item]:
    tests = list(chain.from_iterable(map(session.genitems, found)))
    session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=tests)
    return tests
