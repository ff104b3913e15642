import hashlib
import hmac as standard

import numpy as np
import pytest

from redshank.flows.payload.sha256 import WORK, expand_label, hmac


@pytest.mark.parametrize("size", [0, 1, 8, 20, 32, 64])
@pytest.mark.parametrize("length", [0, 1, 32, 55])
def test_hmac_is_that_of_the_standard_library(size: int, length: int) -> None:
    key, message = np.arange(3, size + 3).astype(np.uint8), np.arange(9, length + 9).astype(np.uint8)
    out = np.zeros(32, np.uint8)
    hmac(key, size, message, length, out, np.full(WORK, -1, np.int64))
    assert out.tobytes() == standard.new(key.tobytes(), message.tobytes(), hashlib.sha256).digest()


def test_labels_are_expanded_as_quic_does() -> None:
    # RFC 9001, appendix A.1.
    secret = np.frombuffer(bytes.fromhex("c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea"), np.uint8)
    for label, size, key in (
        (b"quic key", 16, "1f369613dd76d5467730efcbe3b1a22d"),
        (b"quic iv", 12, "fa044b2f42a3fd3b46fb255c"),
        (b"quic hp", 16, "9f50449e04a0e810283a1e9933adedd2"),
    ):
        out = np.zeros(32, np.uint8)
        expand_label(secret.copy(), label, size, out, np.zeros(55, np.uint8), np.zeros(WORK, np.int64))
        assert out[:size].tobytes().hex() == key
