import numpy as np

from redshank.flows.metering.siphash import siphash, siphash_two


def _reference(key: tuple[int, int], words: list[int]) -> int:
    """SipHash-1-3 in plain integers; OpenSSL has 2-4 only, so there is no golden."""
    mask = 2**64 - 1
    v = [key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D, key[0] ^ 0x6C7967656E657261]
    v.append(key[1] ^ 0x7465646279746573)

    def turn(x: int, b: int) -> int:
        return (x << b | x >> (64 - b)) & mask

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = (v[2] + v[3]) & mask
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    for word in [*words, 8 * len(words) << 56]:
        v[3] ^= word
        rounds(1)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(3)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_siphash_is_that_of_its_authors() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        words = random.integers(0, 2**64, 7, dtype=np.uint64)
        plain = [int(word) for word in words]
        assert int(siphash(*words)) % 2**64 == _reference((plain[0], plain[1]), plain[2:])
        assert int(siphash_two(*words[:4])) % 2**64 == _reference((plain[0], plain[1]), plain[2:4])
