"""What is measured about a document, and the rules that judge the measurements."""

import language_id  # noqa: F401  # says where kernels are compiled to: a stale one must not run
