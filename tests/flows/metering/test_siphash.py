import numpy as np

from redshank.flows.metering.siphash import siphash, siphash_many


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


def test_several_hashes_at_once_are_those_of_each() -> None:
    words = np.random.default_rng(6).integers(0, 2**64, (6, 16), dtype=np.uint64)
    siphash_many(np.uint64(7), np.uint64(8), words.reshape(-1), 16)
    assert words[5].tolist() == [_reference((7, 8), [int(word) for word in five]) for five in words[:5].T]
