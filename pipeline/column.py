"""A column of a table, as ``pipeline.schema`` and the documentation list it."""

from typing import NamedTuple

import pyarrow as pa


class Column(NamedTuple):
    """One column of a table."""

    name: str
    type: pa.DataType
    meaning: str
