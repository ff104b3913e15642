import numpy as np
import pytest

from redshank.flows.payload.aes import KEYS, encrypt, expand


@pytest.mark.parametrize(
    ("key", "plain", "cipher"),
    [
        # FIPS 197, appendix B and C.1.
        ("2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"),
        ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"),
    ],
)
def test_blocks_are_encrypted_as_in_the_standard(key: str, plain: str, cipher: str) -> None:
    keys, block = np.zeros(KEYS, np.uint8), np.frombuffer(bytes.fromhex(plain), np.uint8).copy()
    expand(np.frombuffer(bytes.fromhex(key), np.uint8).copy(), keys)
    encrypt(keys, block, np.zeros(16, np.uint8))
    assert block.tobytes().hex() == cipher


def test_the_last_round_has_the_key_of_the_standard() -> None:
    keys = np.zeros(KEYS, np.uint8)
    expand(np.frombuffer(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), np.uint8).copy(), keys)
    assert keys[-16:].tobytes().hex() == "d014f9a8c9ee2589e13f0cc8b6630ca6"  # FIPS 197, appendix A.1
