"""The pipeline: where records come from, what they become, and the tables they are written to."""

import language_id  # noqa: F401  # says where kernels are compiled to: a stale one must not run
