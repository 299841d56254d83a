"""How a kernel is compiled that other kernels call: it counts no references to its arrays.

numba counts, in every function, one reference more to each array it is given and one less when it
is done, with a locked instruction of some twenty cycles each time. Small kernels with five arrays,
called for every word with a hyphen, took several times as long over that as over the word. Their
callers hold the arrays meanwhile, so nothing needs counting.

Such a kernel must not make or return an array, nor call a kernel that does: a made one would not
compile, a returned one would be freed too early. ``tests/test_inner_kernels.py`` asks for it.
"""

from numba import njit

inner = njit(cache=True, _nrt=False)
