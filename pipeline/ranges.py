"""How a large archive is cut into ranges that can be read side by side.

``archives.records`` gives the same rows for any cut. But in the middle of a file it can only guess
that a member which begins with a record is one of the file's own: an archive stored inside an
archive, which deflate cannot compress and copies, looks the same. So cuts are made at members
whose successors check out for longer than such a copy can: deflate breaks it with a block header
at least every 64 KiB.
"""

from itertools import pairwise

from pipeline.archives import codec_of
from pipeline.members import Bytes, Codec, find_sync, is_sync

DEFAULT_RANGE_BYTES = 256 << 20
_SETTLED_BYTES = 192 << 10
_SEARCH_BYTES = 8 << 20
_PIECE_BYTES = 64 << 10
_FIRST_MEMBER_BYTES = 4 << 20
_SPLITTABLE_SUFFIXES = (".gz", ".zst")


def plan_ranges(
    source_or_size: Bytes | int, name: str, target_bytes: int = DEFAULT_RANGE_BYTES
) -> list[tuple[int, int]]:
    """Cut a file into ranges [start, end) of about ``target_bytes`` that cover it.

    With a source the cuts are checked, which reads some 256 KiB for each, and a file that cannot
    be entered in the middle (plain, LZ4, one member for all records) stays whole. With only a
    size, in bytes, the name decides and the cuts are where arithmetic puts them.
    """
    size = source_or_size if isinstance(source_or_size, int) else source_or_size.size
    pieces = max(round(size / target_bytes), 1)
    if size < 0 or pieces == 1 or not name.lower().endswith(_SPLITTABLE_SUFFIXES):
        return [(0, size)]
    cuts = [size * i // pieces for i in range(1, pieces)]
    if not isinstance(source_or_size, int):
        cuts = _checked(source_or_size, cuts)
    edges = [0, *sorted(set(cuts)), size]
    return list(pairwise(edges))


def _checked(source: Bytes, cuts: list[int]) -> list[int]:
    codec = codec_of(source)
    if not isinstance(codec, Codec) or codec.name not in ("gzip", "zstd"):
        return []
    first = find_sync(source, codec, 0, min(source.size, _FIRST_MEMBER_BYTES))
    following = _next_member(source, codec, first, _FIRST_MEMBER_BYTES)
    if following is None or not is_sync(source, codec, following):
        return []
    settled = (_settled(source, codec, cut) for cut in cuts)
    return [cut for cut in settled if cut is not None]


def _settled(source: Bytes, codec: Codec, start: int) -> int | None:
    """Return the first member from ``start`` on that is surely one of the file's own."""
    stop = min(start + _SEARCH_BYTES, source.size)
    while (start := find_sync(source, codec, start, stop)) < stop:
        at: int | None = start
        while at is not None and at < min(start + _SETTLED_BYTES, source.size):
            at = _next_member(source, codec, at, _SEARCH_BYTES)
        if at is not None:
            return start
        start += 1
    return None


def _next_member(source: Bytes, codec: Codec, offset: int, most: int) -> int | None:
    """Return where the member at ``offset`` ends; None if it is damaged or longer than ``most``."""
    if source.read_at(offset, len(codec.magic)) != codec.magic:
        return None
    member = codec.open(source, offset)
    while member.position - offset <= most and member.read(_PIECE_BYTES):
        pass
    return member.end if member.problem is None else None
