"""Where words end, which script a text is in, and what language: the lowest layer."""

from language_id import kernel_cache

CACHE = kernel_cache.use()
"""Where kernels are compiled to, before any is; None: numba's own choice."""
