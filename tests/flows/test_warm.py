import subprocess
import sys

from redshank.flows.warm import warm


def test_own_frames_are_metered_without_a_trace() -> None:
    assert warm() == warm() == 3


def test_nothing_is_compiled_or_loaded_for_the_first_packets_any_more() -> None:
    code = """
import sys
from numba.core import event
from redshank.flows.warm import warm
warm()
loaded = []
class Listener(event.Listener):
    def on_start(self, event): loaded.append(event)
    def on_end(self, event): pass
event.register("numba:compile", Listener())
warm()
sys.exit(len(loaded))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=200, check=False).returncode == 0
