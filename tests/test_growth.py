"""The check of growth itself, by a clock that only the work moves."""

import gc

import pytest
from growth import FLOOR, MOST, TIMES, TRIES, assert_linear

SIZE = 80_000


class Machine:
    """Work whose cost is told, and a clock that shows what it cost."""

    def __init__(self, cost, delays=()):
        self.now, self.cost, self.delays, self.sizes = 7.0, cost, list(delays), []

    def work(self, size):
        self.now += self.cost(size) + (self.delays.pop(0) if self.delays else 0)
        self.sizes.append(size)
        return f"of {size}"

    def check(self, size=SIZE):
        return assert_linear(self.work, lambda n: n, size, clock=lambda: self.now)


@pytest.mark.parametrize(
    "cost",
    [
        lambda n: n * 1e-5,
        lambda n: 3 + n * 1e-5,
        lambda n: n * 1e-5 * n.bit_length(),
        lambda n: n * (1e-5 if n < SIZE else 2.9e-5),  # a cache overflows
        lambda n: 5.0,
        lambda n: 0.0,
        lambda n: n**2 * FLOOR / SIZE**2 * 0.99,  # too little to conclude from
    ],
)
def test_linear_work_passes_at_once(cost):
    machine = Machine(cost)
    assert machine.check() == f"of {SIZE}"
    assert machine.sizes == [SIZE // TIMES, SIZE // TIMES, SIZE]


@pytest.mark.parametrize(
    "cost",
    [
        lambda n: n**2 * 1e-9,
        lambda n: n**3 * 1e-12,
        lambda n: n * 1e-5 + n**2 * 5e-10,
        lambda n: n**1.6 * 1e-6,
        lambda n: 0 if n < SIZE else 2 * FLOOR,
    ],
)
def test_faster_growth_fails_with_both_sizes_and_times(cost):
    machine = Machine(cost)
    with pytest.raises(AssertionError, match=rf"^{SIZE // TIMES} took .* and {SIZE} took .* CPU"):
        machine.check()
    assert len(machine.sizes) == 3 * TRIES


def test_a_start_that_costs_much_hides_no_growth():
    with pytest.raises(AssertionError):
        Machine(lambda n: n**2 * 1e-9, delays=[60]).check()


def test_a_pause_of_a_busy_machine_is_no_growth():
    machine = Machine(lambda n: n * 1e-5, delays=[0, 0, MOST * SIZE * 1e-5])
    assert machine.check() == f"of {SIZE}"
    assert len(machine.sizes) == 6


def test_what_is_made_is_not_timed_and_garbage_is_collected_again():
    machine = Machine(lambda n: n * 1e-5)

    def made(size):
        machine.now += size**2
        return size

    assert_linear(machine.work, made, SIZE, clock=lambda: machine.now)
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        assert_linear(lambda size: 1 / 0, made, SIZE)
    assert gc.isenabled()
