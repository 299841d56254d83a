"""The careful way to read records: slower, believes no length, stops at no damage.

The fast reader in ``archives`` hands over what it stumbles at. Here a claimed Content-Length
counts only when it leads to where a block can end; otherwise the block ends at the next record
header, and the row says why.
"""

from collections.abc import Callable

from pipeline import arc, warc
from pipeline.headers import blank_line
from pipeline.record import PADDING, Limits, Record, gap
from pipeline.warc import Head
from pipeline.windows import Window

_FIRST_PEEK_BYTES = 4 << 10
_FIRST_STEP_BYTES = 2 << 10
_MAX_STEP_BYTES = 256 << 10
_MARGIN_BYTES = arc.MAX_LINE_BYTES + 1

_Find = Callable[[bytes, int], int]


def next_row(window: Window, limits: Limits) -> Record | None:
    """Read the next record or gap, its length still 0; None at the end. Skips blank lines."""
    _skip_blank(window)
    data = window.peek(_FIRST_PEEK_BYTES)
    if not data:
        return None
    offset, inner = window.place()
    if not _starts_record(window, data):
        return _garbage(window, offset, inner)
    head = _head(window, data, limits)
    if head is None:
        return _headless(window, offset, inner, limits)
    return _record(window, head, offset, inner, limits)


def _skip_blank(window: Window) -> None:
    """Over line ends: they belong to the record before."""
    while data := window.peek(64):
        blank = len(data) - len(data.lstrip(b"\r\n"))
        window.skip(blank)
        if blank < len(data):
            return


def _starts_record(window: Window, data: bytes) -> bool:
    return warc.is_warc_start(data) or arc.is_arc_start(_line(window, data))


def _line(window: Window, data: bytes) -> bytes:
    """Return ``data``, or more of it where an ARC line may go on behind it."""
    return data if b"\n" in data else window.peek(arc.MAX_LINE_BYTES)


def _head(window: Window, data: bytes, limits: Limits) -> Head | None:
    if warc.is_warc_start(data):
        found = warc.read_warc_head(data, limits.max_header_bytes)
        if found is None and len(data) == _FIRST_PEEK_BYTES:
            data = window.peek(limits.max_header_bytes)
            found = warc.read_warc_head(data, limits.max_header_bytes)
        return found
    return arc.read_arc_head(_line(window, data))


def _record(window: Window, head: Head, offset: int, inner: int, limits: Limits) -> Record:
    window.skip(head.block_start)
    limit, problem = limits.max_block_bytes, head.problem
    find = _finder(head.format)
    if head.length is None:
        block, truncated, _ = _block_to_next_start(window, limit, find)
        problem = "bad_content_length"
    elif _ends_at(window, head):
        block = window.peek(min(head.length, limit))
        truncated = head.length > limit
        if window.skip(head.length) < head.length:
            problem = window.shortfall
        elif truncated:
            problem = "record_too_large"
    else:
        block, truncated, found = _block_to_next_start(window, limit, find)
        short = not found and len(block) < min(head.length, limit)
        at_damage = window.problem is not None and not found
        problem = window.shortfall if short or at_damage else "content_length_mismatch"
    return Record(
        offset, 0, "record", head.warc_type, head.format, head.headers, block, truncated,
        problem, inner,
    )  # fmt: skip


def _ends_at(window: Window, head: Head) -> bool:
    """Whether a block of the claimed length ends where a block can end.

    True also where that cannot be seen, because the block is beyond what is kept of one.
    """
    look = 64 if head.format == "warc" else arc.MAX_LINE_BYTES
    length = head.length or 0
    tail = window.probe(length, look)
    if tail is None:
        return True
    rest = tail.lstrip(b"\r\n")
    if not rest:
        return True
    if head.format == "warc":
        # The empty lines themselves may be damaged, or missing.
        near = 0 <= warc.find_warc_start(tail, 0) <= 4
        return tail.startswith((b"\r\n\r\n", b"\n\n")) or warc.is_warc_start(rest) or near
    return tail[:1] == b"\n" or arc.is_arc_start(rest)


def _headless(window: Window, offset: int, inner: int, limits: Limits) -> Record:
    """Step over a header that is damaged, beyond the limit or cut by the end."""
    data = window.peek(limits.max_header_bytes)
    if blank_line(data) is not None:
        problem = "bad_header"
    elif len(data) >= limits.max_header_bytes:
        problem = "header_too_long"
    else:
        problem = window.problem or "truncated_record"
    window.skip(5)
    _block_to_next_start(window, 0, warc.find_warc_start)
    return gap(offset, 0, problem, inner)


def _garbage(window: Window, offset: int, inner: int) -> Record:
    """Step over padding up to a record, or over everything up to a line that starts one."""
    while data := window.peek(_FIRST_PEEK_BYTES):
        padding = len(data) - len(data.lstrip(PADDING))
        window.skip(padding)
        if padding < len(data):
            break
    if not data or _starts_record(window, window.peek(_FIRST_PEEK_BYTES)):
        return gap(offset, 0, "padding", inner)
    _block_to_next_start(window, 0, _find_any)
    return gap(offset, 0, "garbage_between_records", inner)


def _find_any(data: bytes, start: int) -> int:
    found = (warc.find_warc_start(data, start), arc.find_arc_start(data, start))
    return min((at for at in found if at >= 0), default=-1)


def _finder(record_format: str) -> _Find:
    return warc.find_warc_start if record_format == "warc" else arc.find_arc_start


def _block_to_next_start(window: Window, limit: int, find: _Find) -> tuple[bytes, bool, bool]:
    """Move to the next record start or the end.

    Gives the bytes before it, ``limit`` at most and without the empty lines that end a record;
    whether they are cut; and whether a start was found. The step grows, so that a file of many
    bad records is not looked through many times over.
    """
    kept, dropped, step, start = bytearray(), False, _FIRST_STEP_BYTES, 0
    while True:
        data = window.peek(step + _MARGIN_BYTES)
        at = find(data, start)
        full = len(data) == step + _MARGIN_BYTES
        # A start behind the step may be cut off, or stand behind no line end: it comes again.
        found = at >= 0 and (at <= step or not full)
        end = at if found else step if full else len(data)
        room = limit - len(kept)
        kept += data[: min(end, room)]
        dropped = dropped or end > room
        window.skip(end)
        if found or not full:
            block = bytes(kept)
            return (block if dropped else block.removesuffix(b"\r\n\r\n")), dropped, found
        step, start = min(step * 4, _MAX_STEP_BYTES), 1
