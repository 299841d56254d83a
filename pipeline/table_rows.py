"""Lines of tables in step with those of the files beside them, each to one ledger row.

The range that owns a table's bytes reads from the first line on, since no other way leads to a line
of a compressed file; lines before it are inflated and passed over, which costs a few hundredths of
what extracting them does.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from typing import Final

from pipeline import ledger
from pipeline.errors import ArchiveError
from pipeline.inputs import InputFile
from pipeline.line_files import Line, ZstdLines
from pipeline.storage import StorageOptions, open_source
from pipeline.table_documents import screened_line
from pipeline.table_files import Group

log = logging.getLogger(__name__)

MAX_BAD_IN_A_ROW: Final = 1000
"""Lines that hold no document, one after another, which make the rest of a range no table."""


def screened_lines(
    group: Group, start: int, end: int, options: StorageOptions, most: int, also: Collection[str]
) -> Iterator[ledger.Screened]:
    """Lines of a table that answer for bytes from ``start`` to ``end``, after the first look.

    The range that reaches the table's end has the rows of its partners, one a file. Memory: a line
    of each file, of ``most`` bytes at most, and what 1 KiB of each inflates to.
    """
    ends: dict[str, str] = {}
    if group.file.problem is None:
        yield from _Pass(group, options, most, ends).rows(start, end, also)
    elif start == 0:
        yield from _rest(group.file, group.file.problem, 0)
    if end >= group.file.size:
        for file in group.partners:
            yield from _rest(file, file.problem or ends.get(file.uri) or "partner", 0)
        for file in group.unread:
            yield from _rest(file, file.problem or "unread_table", 0)


def _rest(
    file: InputFile, reason: str, start: int, end: int | None = None, line: int | None = None
) -> Iterator[ledger.Screened]:
    """The row of a file's bytes from ``start`` on, no line of which becomes a document."""
    stop = max(file.size, 0) if end is None else end
    if start < stop or start == 0:
        fate = "skipped" if reason in ledger.SKIPPED or reason == "padding" else "failed"
        row = ledger.file_row(file.name, reason, start, stop - start)
        yield ledger.Screened(row | {"fate": fate, "line": line}, None)


class _Pass:
    """One reading of a table and its partners; ``ends`` gets what was wrong with a partner."""

    def __init__(
        self, group: Group, options: StorageOptions, most: int, ends: dict[str, str]
    ) -> None:
        self._file, self._options, self._most, self._ends = group.file, options, most, ends
        self._files = group.partners
        self._reached = 0

    def rows(self, start: int, end: int, also: Collection[str]) -> Iterator[ledger.Screened]:
        """The rows of the table itself that begin in [start, end)."""
        try:
            with ExitStack() as opened:
                yield from self._rows(start, end, also, opened)
        except ArchiveError as error:
            log.warning("%s: unreadable from byte %d: %s", error.uri, self._reached, error.reason)
            self._ends |= {file.uri: error.reason for file in self._files if file.uri == error.uri}
            yield from _rest(self._file, error.reason, max(self._reached, start), end)

    def _opened(self, file: InputFile, opened: ExitStack) -> ZstdLines:
        source = open_source(file.uri, self._options)
        opened.callback(source.close)
        return ZstdLines(source, self._most)

    def _rows(
        self, start: int, end: int, also: Collection[str], opened: ExitStack
    ) -> Iterator[ledger.Screened]:
        table = self._opened(self._file, opened)
        beside = [self._opened(file, opened) for file in self._files]
        in_step = [iter(lines) for lines in beside]
        bad, given_up = 0, None
        until, reason, number = self._file.size, "padding", None
        for line in table:
            others = [other for lines in in_step if (other := next(lines, None)) is not None]
            if line.offset >= end:
                until, reason = line.offset, ""
                break
            if len(others) < len(beside):
                self._short(table.count, beside)
                until, reason, number = line.offset, "unequal_lines", line.number
                break
            if line.offset < start or given_up is not None:
                continue
            self._reached = line.offset
            screened = screened_line(self._file.name, line, others, also)
            bad = bad + 1 if screened.row["reason"] == "bad_line" else 0
            if bad > MAX_BAD_IN_A_ROW:
                given_up = line
                continue
            yield screened
            self._reached = line.offset + line.length
        else:
            until, reason = table.reported, table.problem or "padding"
            number = table.count + 1 if table.problem else None
            if table.problem is None:
                self._long([next(lines, None) for lines in in_step], beside)
        if given_up is not None:
            yield from _rest(self._file, "bad_line", given_up.offset, until, given_up.number)
        if reason and start <= until < min(end, self._file.size):
            yield from _rest(self._file, reason, until, None, number)

    def _short(self, lines: int, beside: list[ZstdLines]) -> None:
        """Note which partners end before the table does, and why."""
        for file, other in zip(self._files, beside, strict=True):
            if other.count < lines:
                self._ends[file.uri] = other.problem or "unequal_lines"

    def _long(self, more: list[Line | None], beside: list[ZstdLines]) -> None:
        """Note which partners have more lines than the table, or damage behind their last."""
        for file, line, other in zip(self._files, more, beside, strict=True):
            if line is not None or other.problem:
                self._ends[file.uri] = other.problem or "unequal_lines"
