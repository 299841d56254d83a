"""What reading an archive gives: rows that together account for every byte of the file."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

# Why a row is not an ordinary, whole record. Closed: the ledger and the documentation list it.
REASONS = MappingProxyType(
    {
        "padding": "blank lines, NULs or empty members, which hold nothing",
        "skippable_frame": "a zstd or LZ4 frame of metadata, such as a dictionary",
        "not_an_archive": "no record anywhere in the file",
        "empty_file": "the file has no bytes",
        "garbage_between_members": "bytes that are no compressed member",
        "garbage_between_records": "bytes that are no record",
        "truncated_member": "the file ends inside a compressed member",
        "corrupt_member": "a compressed member cannot be inflated or fails its checksum",
        "truncated_record": "the file ends inside a record",
        "record_too_large": "a block beyond the limit; its first bytes are kept",
        "bad_header": "a record header that runs into the next record",
        "header_too_long": "a record header beyond the limit",
        "bad_content_length": "a Content-Length that is missing or no number",
        "content_length_mismatch": "a Content-Length that does not lead to the end of the block",
        "unsupported_version": "a WARC version not known; read by the rules of 1.1",
        "unsupported_compression": "a frame that asks for more than this reader allows",
        "missing_dictionary": "a zstd frame whose dictionary is not in the file",
    }
)
# Gaps that are no damage: nothing was lost in them.
HARMLESS = frozenset({"padding", "skippable_frame"})
# What padding is made of: NULs, line ends, blanks, a byte order mark.
PADDING = b"\0\r\n \t\xef\xbb\xbf"


@dataclass(frozen=True)
class Limits:
    """Bounds on what one record may take.

    ``max_block_bytes`` is what is kept of a block (and about half of the memory reading needs),
    ``max_header_bytes`` what a record header may take. A record larger than the block limit is
    inflated and dropped to find its end; when it has given ``max_dropped_bytes`` at more than
    ``max_ratio`` bytes for each byte read, it is taken for a bomb and the reader looks for the
    next member without inflating the rest.
    """

    max_block_bytes: int = 16 << 20
    max_header_bytes: int = 64 << 10
    max_dropped_bytes: int = 256 << 20
    max_ratio: int = 50


class Record(NamedTuple):
    """One row of an archive: a record, or a gap in which there is none.

    ``offset`` is where the member (compressed) or record (plain) starts in the file and
    ``length`` how many bytes of the file the row accounts for: rows follow each other without
    overlap and their lengths sum to the file's size. Of several records that start in one
    compressed member the last has the length and the others 0; ``inner_offset``, in bytes of the
    inflated member, tells them apart (0 for one record per member, and in plain files).

    ``block`` is the record's content as stored, cut at ``Limits.max_block_bytes`` (then
    ``truncated``), empty for a gap. ``problem`` is a key of ``REASONS``, or None; a record with a
    problem has in ``block`` what could be read of it.
    """

    offset: int
    length: int
    kind: Literal["record", "gap"]
    warc_type: str
    format: Literal["warc", "arc", ""]
    headers: dict[str, str]
    block: bytes
    truncated: bool
    problem: str | None
    inner_offset: int = 0

    @property
    def uri(self) -> str:
        """The target URI without the angle brackets WARC 1.0's grammar allows; '' if none."""
        uri = self.headers.get("warc-target-uri", "")
        return uri[1:-1] if uri[:1] == "<" and uri[-1:] == ">" else uri


def gap(offset: int, length: int, problem: str, inner_offset: int = 0) -> Record:
    """Make a row for bytes that hold no record."""
    return Record(offset, length, "gap", "", "", {}, b"", False, problem, inner_offset)
