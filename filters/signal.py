"""What a signal is: a column measured about every document."""

from typing import NamedTuple


class Signal(NamedTuple):
    """A column: its name, its unit, ``int32`` or ``float32``, and one line of meaning."""

    name: str
    unit: str
    dtype: str
    meaning: str
