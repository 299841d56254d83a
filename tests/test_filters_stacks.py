"""Stacks against a dictionary of what each label has."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from filters.stacks import NO_ROW, Stack

LABELS = [f"l{number}" for number in range(40)]


def _made(label: str) -> tuple[np.ndarray, int]:
    number = int(label[1:])
    return np.arange(1, number % 7 + 1, dtype=np.uint64), number * 3


@given(
    st.lists(st.lists(st.sampled_from(LABELS), max_size=9), max_size=30),
    st.sets(st.sampled_from(LABELS)),
)
def test_rows_are_what_was_made_whatever_came_before(
    batches: list[list[str]], known: set[str]
) -> None:
    stack = Stack(_made, (np.uint64, np.int64), (1, 0))
    for labels in batches:
        rows, arrays, numbers = stack.of(labels, known)
        assert rows.dtype == np.int64
        assert arrays.dtype == np.uint64
        for row, label in zip(rows.tolist(), labels, strict=True):
            if label not in known:
                assert row == NO_ROW
                continue
            array, number = _made(label)
            assert numbers[row] == number
            assert arrays[row, : len(array)].tolist() == array.tolist()
            assert not arrays[row, len(array) :].any()


def test_a_label_is_made_once() -> None:
    made: list[str] = []

    def counting(label: str) -> tuple[np.ndarray, int]:
        made.append(label)
        return _made(label)

    stack = Stack(counting, (np.uint64, np.int64), (1, 0))
    for _ in range(3):
        stack.of(["l1", "l2", "l1", "x"], {"l1", "l2"})
    assert made == ["l1", "l2"]


def test_an_unknown_label_has_the_row_that_is_asked_for() -> None:
    stack = Stack(_made, (np.uint64, np.int64), (1, 0))
    assert stack.of(["x"], (), 5)[0].tolist() == [5]


def test_arrays_of_a_batch_stay_as_they_are_when_others_come() -> None:
    stack = Stack(_made, (np.uint64, np.int64), (1, 0))
    [row], arrays, _ = stack.of(["l3"], LABELS)
    before = arrays[row].copy()
    stack.of(LABELS, LABELS)
    assert (arrays[row] == before).all()


def test_threads_that_share_a_stack_get_the_rows_of_their_labels():
    """Files are judged in threads: a row that two of them add must not be another's."""
    labels = [f"l{number}" for number in range(300)]

    def made(label):
        number = int(label[1:])
        time.sleep(0)  # lets another thread in
        return np.full(number % 7 + 1, number), number

    def asked(shift):
        mine = [labels[(3 * number + shift) % len(labels)] for number in range(len(labels))]
        for first in range(0, len(mine), 5):
            some = mine[first : first + 5]
            rows, arrays, numbers = stack.of(some, labels)
            assert [numbers[row] for row in rows] == [int(label[1:]) for label in some]
            assert [arrays[row, 0] for row in rows] == [int(label[1:]) for label in some]

    for _ in range(20):
        stack = Stack(made, (np.int64, np.int64), (1, 0))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(asked, range(8)))
