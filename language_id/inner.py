"""How a kernel is compiled that only lends its arrays: kernels that other kernels call.

numba counts, in every function, one reference more to each array it is given and one less when it
is done, with a locked instruction of some twenty cycles each time. Small kernels with five arrays,
called for every word with a hyphen, took several times as long over that as over the word. Their
callers hold the arrays meanwhile, so nothing needs counting. They are also compiled into their
callers, which saves passing an array as the seven numbers it is.

Such a kernel must not make or return an array, nor call a kernel that does: a made one does not
compile, a returned one would be freed too early. ``tests/test_inner_kernels.py`` asks for it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])
UNCOUNTED: dict[str, Any] = {"_nrt": False}
"""numba's option for it, which its own types leave out; numba without it refuses to compile."""


def inner(kernel: Kernel) -> Kernel:
    """Compile a kernel for other kernels to call; Python may call it as well."""
    return cast(Kernel, njit(cache=True, forceinline=True, **UNCOUNTED)(kernel))
