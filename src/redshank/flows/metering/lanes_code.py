"""The instructions of lanes.py: functions in numba's form for intrinsics. Imported only when a kernel is compiled.

In: numba's types of the arguments. Out: the signature, and what generates the instructions. numba makes vectors only of
loops so short that they are all loads and stores; here LLVM is told of vectors, and what a round needs stays in
registers. Which instructions these are is the machine's affair: LLVM splits what is too wide.
Source: FIPS 180-4 for SHA-1; Aumasson and Bernstein, SipHash: a fast short-input PRF, INDOCRYPT 2012.
"""

from collections.abc import Callable
from typing import Any, Self

from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import types

_BEGIN = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_ADDED = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
_PARITY, _MAJORITY = (1, 3), 2


class Lanes:
    """Numbers of 32 or 64 bits side by side, while LLVM's instructions are written.

    Args:
        builder: LLVM's.
        value: Its vector.
    """

    def __init__(self, builder: Any, value: Any) -> None:  # noqa: ANN401  LLVM's values have no types
        self._builder = builder
        self.value = value

    def __add__(self, other: Self | int) -> Self:
        """Add lane by lane, modulo the width."""
        return self._made(self._builder.add(self.value, self._of(other)))

    def __and__(self, other: Self | int) -> Self:
        """Return the bits of both."""
        return self._made(self._builder.and_(self.value, self._of(other)))

    def __or__(self, other: Self | int) -> Self:
        """Return the bits of either."""
        return self._made(self._builder.or_(self.value, self._of(other)))

    def __xor__(self, other: Self | int) -> Self:
        """Return the bits of one of both."""
        return self._made(self._builder.xor(self.value, self._of(other)))

    def turned(self, bits: int) -> Self:
        """Rotate each lane to the left."""
        high = self._builder.shl(self.value, self._of(bits))
        width = self.value.type.element.width
        return self._made(self._builder.or_(high, self._builder.lshr(self.value, self._of(width - bits))))

    def _made(self, value: Any) -> Self:  # noqa: ANN401  as above
        return type(self)(self._builder, value)

    def _of(self, other: Self | int) -> Any:  # noqa: ANN401  as above
        if isinstance(other, int):
            return ir.Constant(self.value.type, [other] * self.value.type.count)
        return other.value


def _sha1(words: list[Lanes]) -> list[Lanes]:
    """Return the five words of the digest of one block of 16."""
    zero = words[0] ^ words[0]
    a, b, c, d, e = (zero + value for value in _BEGIN)
    for k in range(80):
        if k >= 16:
            words.append((words[k - 3] ^ words[k - 8] ^ words[k - 14] ^ words[k - 16]).turned(1))
        if k // 20 in _PARITY:
            mixed = b ^ c ^ d
        elif k // 20 == _MAJORITY:
            mixed = (b & (c ^ d)) ^ (c & d)
        else:
            mixed = d ^ (b & (c ^ d))
        a, b, c, d, e = e + words[k] + _ADDED[k // 20] + mixed + a.turned(5), a, b.turned(30), c, d
    return [value + begin for value, begin in zip((a, b, c, d, e), _BEGIN, strict=True)]


def _siphash(k0: int, k1: int, words: list[Lanes]) -> Lanes:
    """Return SipHash-1-3 of five words, as siphash.py does of one row."""
    zero = words[0] ^ words[0]
    v0, v1 = zero + (k0 ^ 0x736F6D6570736575), zero + (k1 ^ 0x646F72616E646F6D)
    v2, v3 = zero + (k0 ^ 0x6C7967656E657261), zero + (k1 ^ 0x7465646279746573)
    for word in (*words, zero + (8 * len(words) << 56)):
        v0, v1, v2, v3 = _sipround(v0, v1, v2, v3 ^ word)
        v0 ^= word
    v2 ^= 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = _sipround(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _sipround(v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    v0 += v1
    v1 = v1.turned(13) ^ v0
    v2 += v3
    v3 = v3.turned(16) ^ v2
    v0 = v0.turned(32) + v3
    v3 = v3.turned(21) ^ v0
    v2 += v1
    v1 = v1.turned(17) ^ v2
    return v0, v1, v2.turned(32), v3


def _name(words: list[Lanes]) -> list[Lanes]:
    """Return the two words of names, as uid.py does of one row: of both ends, the rest of the key, the first time."""
    a_hi, a_lo, b_hi, b_lo, rest, first_ns = words
    one = _siphash(1, 2, [a_hi, a_lo, b_hi, b_lo, rest])
    second = _siphash(3, 4, [one, first_ns, a_lo, b_lo, rest])
    return [_siphash(1, 2, [second, first_ns, a_lo, b_lo, rest]), second]


def _in_step(work: Callable[[list[Lanes]], list[Lanes]], taken: int, width: int, lanes: int) -> Any:  # noqa: ANN401  as above
    vector = ir.VectorType(ir.IntType(width), lanes)

    def typing(_typing: Any, words: Any) -> Any:  # noqa: ANN401  as above
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            made = context.make_array(signature.args[0])(context, builder, arguments[0])
            start = builder.bitcast(made.data, vector.as_pointer())
            places = [builder.gep(start, [ir.Constant(ir.IntType(64), k)]) for k in range(taken)]
            results = work([Lanes(builder, builder.load(place, align=width // 8)) for place in places])
            for place, result in zip(places, results, strict=False):
                builder.store(result.value, place, align=width // 8)
            return context.get_dummy_value()

        return types.void(words), generate

    return typing


def sha1(lanes: int) -> Any:  # noqa: ANN401  as above
    """Return the function that hashes a block in each of so many lanes; see lanes.py."""
    return _in_step(_sha1, 16, 32, lanes)


def names(lanes: int) -> Any:  # noqa: ANN401  as above
    """Return the function that names a flow in each of so many lanes; see lanes.py."""
    return _in_step(_name, 6, 64, lanes)
