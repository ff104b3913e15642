import numpy as np
import pytest

from redshank.flows.payload.ldap import is_request, is_response

# RFC 4511, appendix B: the tags of the operations.
REQUESTS = "60 42 63 66 68 4a 6c 6e 50 77"
RESPONSES = "61 64 65 67 69 6b 6d 6f 73 78 79"


@pytest.mark.parametrize("tag", range(256))
def test_the_tag_tells_who_speaks(tag: int) -> None:
    data = np.frombuffer(bytes.fromhex("3005020107") + bytes([tag, 0]), np.uint8).copy()
    assert is_request(data, 0, len(data)) is (tag in bytes.fromhex(REQUESTS))
    assert is_response(data, 0, len(data)) is (tag in bytes.fromhex(RESPONSES))
