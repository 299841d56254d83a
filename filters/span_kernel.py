"""Texts without spans of them, and the spans of two steps as spans of the first one's text."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def edited(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    bounds: NDArray[np.int64],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the code points and document bounds of the texts without the spans.

    ``starts``, ``ends``, ``bounds``: sorted spans apart from each other, as the kernels here
    return them. What measures texts may measure the result.
    """
    kept = np.empty(len(codes), dtype=np.uint32)
    kept_offsets = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        at = offsets[document]
        for span in range(bounds[document], bounds[document + 1] + 1):
            last = span == bounds[document + 1]
            stop = offsets[document + 1] if last else starts[span]
            kept[count : count + stop - at] = codes[at:stop]
            count += stop - at
            if not last:
                at = ends[span]
        kept_offsets[document + 1] = count
    return kept[:count], kept_offsets


@njit(cache=True)
def joined_spans(
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    later_offsets: NDArray[np.int64],
    later_starts: NDArray[np.int64],
    later_ends: NDArray[np.int64],
    later_kinds: NDArray[np.uint8],
    later_bounds: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return the spans of two steps as spans of the first step's text.

    The later spans are of the text that the first left, whose bounds are ``later_offsets``. Where
    one reaches over a span of the first step, it becomes two around it.
    """
    room = 2 * len(starts) + len(later_starts)
    all_starts, all_ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    all_kinds = np.empty(room, dtype=np.uint8)
    all_bounds = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        shift = offsets[document] - later_offsets[document]
        own, last = bounds[document], bounds[document + 1]
        for span in range(later_bounds[document], later_bounds[document + 1]):
            start, end = later_starts[span], later_ends[span]
            while own < last and starts[own] - shift < end:
                if starts[own] - shift > start:  # the part before it; else it lies before all
                    all_starts[count], all_ends[count] = start + shift, starts[own]
                    all_kinds[count] = later_kinds[span]
                    count += 1
                    start = starts[own] - shift
                all_starts[count], all_ends[count] = starts[own], ends[own]
                all_kinds[count] = kinds[own]
                count += 1
                shift += ends[own] - starts[own]
                own += 1
            all_starts[count], all_ends[count] = start + shift, end + shift
            all_kinds[count] = later_kinds[span]
            count += 1
        while own < last:
            all_starts[count], all_ends[count] = starts[own], ends[own]
            all_kinds[count] = kinds[own]
            count, own = count + 1, own + 1
        all_bounds[document + 1] = count
    return all_starts[:count], all_ends[:count], all_kinds[:count], all_bounds
