import numpy as np
import pytest

from redshank.flows.parquet.memory_code import array_at, put


@pytest.mark.parametrize("dtype", ["u1", "i8"])
def test_what_a_kernel_on_disk_is_compared_by_names_the_items(dtype: str) -> None:
    assert array_at(np.dtype(dtype)).__qualname__ == f"array_at {np.dtype(dtype).descr}"
    assert put(4).__qualname__ != put(8).__qualname__
