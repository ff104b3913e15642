# ruff: noqa: N999  named as Zeek names it, like all services
"""FTP's data: a listing or a file as it is.

Content says nothing. The meter names such a flow with its first packet because another announced it (announced.py);
here the name has its bit.
Source: RFC 959, section 3.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"", server=b"")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:  # noqa: ARG001  the same for all services
    """Find it nowhere; see service.Recognize."""
    for k in range(len(which)):
        found[k] = 0
