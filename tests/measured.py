"""What tests measured, told when all is over, also of tests that pass.

A test says it with `record_property(MEASURED, text)`; it comes through several processes.
"""

import pytest

MEASURED = "measured"


def tell(reporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, each under its name."""
    for report in reporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == MEASURED:
                reporter.section(report.nodeid.rpartition("::")[2])
                reporter.write_line(text)
