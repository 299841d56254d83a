"""What a signal is: a measurement of a document that rules can look at."""

from typing import NamedTuple


class Signal(NamedTuple):
    """A column: its name, its unit, ``int32`` or ``float32``, and one line of meaning."""

    name: str
    unit: str
    dtype: str
    meaning: str
