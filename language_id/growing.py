"""Arrays that grow while a kernel fills them.

Room for the most there could be is an array several times as large as needed, too large for memory
to be used again: every page of it is new, and zeroed by the system before a kernel writes to it.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def enlarged(array: NDArray[Any], room: int) -> NDArray[Any]:
    """Return a copy with room for more."""
    larger = np.empty(room, dtype=array.dtype)
    larger[: len(array)] = array
    return larger
