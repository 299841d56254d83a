"""Whether work grows with its input as fast as the input and no faster, on any machine.

Nothing here is a bound in seconds: those belong to benchmarks, for they fail on a slower machine.
"""

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

TIMES = 8
"""How much larger the larger input is. Linear work costs 8 times as much, quadratic 64 times."""

MOST = 3 * TIMES
"""More than this many times the cost is no linear growth; caches that overflow may double it."""

FLOOR = 0.1
"""CPU seconds under which nothing is concluded: quadratic work of 100,000 items takes far more."""

TRIES = 5


def assert_linear(
    work: Callable[[T], R],
    made: Callable[[int], T],
    size: int,
    *,
    clock: Callable[[], float] = time.process_time,
) -> R:
    """Fail if ``work(made(size))`` costs far more than 8 times ``work(made(size // 8))``.

    ``made`` is not timed. The smaller input goes first and twice, as what is compiled or loaded by
    the first call says nothing about growth. Where the ratio looks bad, both are tried again, and
    the least time of each counts: a busy machine adds time, and never takes any away. What
    ``work`` returns for the larger input is returned.
    """
    small, large = made(size // TIMES), made(size)
    cost, least = float("inf"), float("inf")
    for _ in range(TRIES):
        least = min(least, _cost(work, small, clock)[0], _cost(work, small, clock)[0])
        taken, result = _cost(work, large, clock)
        cost = min(cost, taken)
        if cost < FLOOR or cost <= MOST * least:
            return result
    raise AssertionError(
        f"{size // TIMES} took {least:.4f} s and {size} took {cost:.4f} s of CPU time: "
        f"{cost / max(least, 1e-9):.0f} times as long for {TIMES} times the size"
    )


def _cost(work: Callable[[T], R], item: T, clock: Callable[[], float]) -> tuple[float, R]:
    """Time of one call, without collections of garbage that others have left."""
    collects = gc.isenabled()
    gc.disable()
    try:
        started = clock()
        result = work(item)
        return clock() - started, result
    finally:
        if collects:
            gc.enable()
