"""Arrays that begin where a line of a processor's cache begins."""

import numpy as np
import pytest

from skdeep.networks._memory import LINE, aligned


@pytest.mark.fast
@pytest.mark.parametrize("shape", [(), (0,), (3,), (5, 7), (65, 16)])
@pytest.mark.parametrize("dtype", ["float32", np.float64, np.dtype("i8")])
def test_arrays_begin_with_a_line(shape, dtype):
    """Wherever NumPy's memory begins; and every place holds the number."""
    found = [aligned(shape, dtype, fill=n) for n in range(5)]

    assert all(array.ctypes.data % LINE == 0 for array in found if array.size)
    for n, array in enumerate(found):
        assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
        assert (array == n).all()
        assert array.flags.c_contiguous
        assert array.flags.writeable
