"""Exact and near duplicates as kernels over arrays: no Spark, no files, no configuration.

Word hashes become shingles, shingles a MinHash signature, a signature band hashes; documents that
share a band are candidates, candidates that are similar are edges, connected edges are a cluster.
"""

import language_id  # noqa: F401  # says where kernels are compiled to: a stale one must not run
