"""Seconds by stage: at any moment one stage's, the innermost."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple

import psutil

REST = "rest: batches, rows, glue"


class Time(NamedTuple):
    """Seconds."""

    cpu_s: float
    wall_s: float


class Clock:
    """Time by stage; what is in no stage is ``REST``."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = defaultdict(float)
        self.wall_s: dict[str, float] = defaultdict(float)
        self.switches = 0
        self._stages = [REST]
        self.start()

    def start(self) -> None:
        """Count from now."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def _switch(self) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        self.cpu_s[self._stages[-1]] += cpu - self._cpu
        self.wall_s[self._stages[-1]] += wall - self._wall
        self._cpu, self._wall = cpu, wall
        self.switches += 1

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        self._switch()
        self._stages.append(stage)
        try:
            yield
        finally:
            self._switch()
            self._stages.pop()

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            with self.of(stage):
                return function(*arguments, **named)

        return wrapper

    def timed_steps(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The same for a generator: its steps count, not what is done between them."""

        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Iterator[Any]:
            steps_of = iter(function(*arguments, **named))
            while True:
                with self.of(stage):
                    try:
                        found = next(steps_of)
                    except StopIteration:
                        return
                yield found

        return wrapper

    def finish(self) -> None:
        self._switch()


def switch_s() -> float:
    """Seconds that one look at the clocks takes."""
    clock, costs = Clock(), []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(2000):
            with clock.of(REST):
                pass
        costs.append((time.perf_counter() - start) / 4000)
    return statistics.median(costs)


def cpu_s(pid: int | None) -> float:
    """CPU seconds of another process so far, NaN for none."""
    if pid is None:
        return float("nan")
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
