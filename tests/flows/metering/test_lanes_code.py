"""The operations of Lanes, run by LLVM on one vector; what is made of them has its goldens in test_lanes.py."""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import types
from numba.extending import intrinsic

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.lanes_code import Lanes


def _told(_typing: Any, words: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.bitcast(made.data, ir.VectorType(ir.IntType(32), 4).as_pointer())
        one = Lanes(builder, builder.load(place, align=4))
        builder.store((((one + one) ^ 5) | (one.turned(4) & 0xFFFF)).value, place, align=4)
        return context.get_dummy_value()

    return types.void(words), generate


_lanes: Any = intrinsic(_told)


@lean_kernel
def _run(words: Any) -> None:
    _lanes(words)


def test_lanes_count_modulo_their_width_and_turn_to_the_left() -> None:
    words = np.array([1, 0xFFFFFFFF, 0x80000000, 0x12345678], np.uint32)
    turned = words << np.uint32(4) | words >> np.uint32(28)
    expected = (words + words ^ np.uint32(5)) | (turned & np.uint32(0xFFFF))
    _run(words)
    assert words.tolist() == expected.tolist()
