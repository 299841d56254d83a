"""Which archives a run reads: files, folders, globs and path lists, local and remote, by name.

Nothing that was asked for goes missing in silence: a file that is not there, is empty or is none
becomes an ``InputFile`` with its problem, and files of a folder that are no archives are listed
as ignored.
"""

import fnmatch
import glob
import io
import os
import stat
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ArchiveError
from pipeline.storage import S3_SCHEMES, StorageOptions, local_path, open_source, scheme_of
from pipeline.table_names import is_table_name

ARCHIVE_SUFFIXES = (
    ".warc", ".warc.gz", ".warc.zst", ".warc.lz4",
    ".arc", ".arc.gz",
    ".wet", ".wet.gz", ".wat", ".wat.gz",
)  # fmt: skip
PATH_LIST_SUFFIXES = (".paths", ".paths.gz", ".map")
_MAX_PATH_LIST_BYTES = 1 << 30
_WILDCARDS = "*?["


class InputFile(NamedTuple):
    """One archive of a run.

    ``name`` is what tables call it: the path below the folder it was found in, the line of the
    path list, or the base name, with as many parent folders as make it unique in the run.
    ``size`` in bytes, -1 when unknown. ``version`` is an ETag or a modification time in
    nanoseconds, '' when unknown. ``problem`` is one of ``storage.SOURCE_REASONS``, or None.
    """

    uri: str
    name: str
    size: int
    version: str
    problem: str | None


class Listing(NamedTuple):
    """The archives, sorted by name, and the URIs of other files in their folders, sorted."""

    files: list[InputFile]
    ignored: list[str]


def list_inputs(arguments: Sequence[str], options: StorageOptions | None = None) -> list[InputFile]:
    """Return the archives ``arguments`` stand for, sorted by name; see ``listing``."""
    return listing(arguments, options).files


def listing(arguments: Sequence[str], options: StorageOptions | None = None) -> Listing:
    """Resolve arguments: files, folders (with all below them), globs, ``*.paths[.gz]`` lists.

    Each is a path or a ``file://``, ``s3://`` or ``https://`` URI; on S3 a prefix ending in ``/``
    is a folder. Remote files of path lists and single URLs are not asked for their size, which
    for a whole crawl would take hours. A file given twice, also by a link, is read once.
    """
    options = options or StorageOptions()
    archives: set[InputFile] = set()
    ignored: set[str] = set()
    for argument in arguments:
        for item in _resolved(argument, options):
            if isinstance(item, InputFile):
                archives.add(item)
            else:
                ignored.add(item)
    once: dict[str, InputFile] = {}
    for file in sorted(archives):
        once.setdefault(_identity(file.uri), file)
    files = sorted(uniquely_named(once.values()), key=lambda file: (file.name, file.uri))
    known = {_identity(file.uri) for file in files}
    return Listing(files, sorted(uri for uri in ignored if _identity(uri) not in known))


def _identity(uri: str) -> str:
    """Return the same for every way to a file: a path without links, or the URI."""
    if scheme_of(uri) in ("", "file"):
        return os.path.realpath(local_path(uri))
    return uri


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is taken from a folder."""
    return name.lower().endswith(ARCHIVE_SUFFIXES) or is_table_name(name)


def _resolved(argument: str, options: StorageOptions) -> Iterator[InputFile | str]:
    scheme = scheme_of(argument)
    if argument.lower().endswith(PATH_LIST_SUFFIXES):
        yield from _path_list(argument, options)
    elif scheme in S3_SCHEMES:
        yield from _s3(argument, options)
    elif scheme in ("https", "http"):
        yield InputFile(
            argument, argument.split("?", maxsplit=1)[0].rsplit("/", 1)[-1], -1, "", None
        )
    elif scheme in ("", "file"):
        yield from _local(argument, local_path(argument))
    else:
        yield _missing(argument, "unsupported_scheme")


def _missing(uri: str, problem: str = "missing") -> InputFile:
    return InputFile(uri, uri.rstrip("/").rsplit("/", 1)[-1] or uri, -1, "", problem)


def _local(argument: str, path: Path) -> Iterator[InputFile | str]:
    if path.is_dir():
        items = list(_folder(path, path, set()))
        yield from items
        if not any(isinstance(item, InputFile) for item in items):
            yield _no_archives(path, path.name)
    elif not os.path.lexists(path) and any(character in argument for character in _WILDCARDS):
        # Not Path.glob: it takes some patterns, such as "a**", for errors.
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
        base = _fixed_part(str(path))
        for match in matches:
            if Path(match).is_dir():
                continue
            yield _local_file(Path(match), os.path.relpath(match, base))
        if not matches:
            yield _missing(argument)
    else:
        yield _local_file(path, path.name)


def _no_archives(path: Path, name: str) -> InputFile:
    """A folder without archives; one with an archive's name was meant to be a file."""
    problem = "not_a_regular_file" if is_archive_name(path.name) else "missing"
    return InputFile(str(path), name, -1, "", problem)


def _folder(folder: Path, top: Path, visited: set[tuple[int, int]]) -> Iterator[InputFile | str]:
    """Yield archives below ``folder`` and the names of other files; links are followed, once."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in visited:
        return
    visited.add((status.st_dev, status.st_ino))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield _missing(str(folder), "unreadable")
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir():
            items = list(_folder(path, top, visited))
            yield from items
            if is_archive_name(entry.name) and not any(isinstance(i, InputFile) for i in items):
                yield _no_archives(path, str(path.relative_to(top)))
        elif is_archive_name(entry.name):
            yield _local_file(path, str(path.relative_to(top)))
        else:
            yield entry.path


def _local_file(path: Path, name: str) -> InputFile:
    uri = str(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return InputFile(uri, name, -1, "", "missing")
    except (OSError, ValueError):
        return InputFile(uri, name, -1, "", "unreadable")
    if not stat.S_ISREG(status.st_mode):
        return InputFile(uri, name, -1, "", "not_a_regular_file")
    problem = None if status.st_size else "empty_file"
    return InputFile(uri, name, status.st_size, str(status.st_mtime_ns), problem)


def _fixed_part(pattern: str) -> str:
    """Return the folder, or S3 prefix up to a slash, before the first wildcard."""
    first = min(pattern.find(c) for c in _WILDCARDS if c in pattern)
    return pattern[: pattern.rfind("/", 0, first) + 1]


def _s3(uri: str, options: StorageOptions) -> Iterator[InputFile | str]:
    # boto3 takes half a second to import, and only these arguments need it.
    from pipeline.s3 import list_objects, split_uri  # noqa: PLC0415

    pattern = any(character in uri for character in _WILDCARDS)
    prefix = _fixed_part(uri) if pattern else uri
    try:
        bucket = split_uri(uri)[0]
        objects = list_objects(prefix, options)
    except ArchiveError as error:
        yield _missing(uri, error.reason)
        return
    matched = False
    for item in objects:
        full = f"s3://{bucket}/{item.key}"
        asked = f"{scheme_of(uri)}://{bucket}/{item.key}"
        exact = asked == uri
        below = uri.endswith("/") and not pattern
        # A key "a/b" asked for without its slash is a folder if objects stand below it.
        folder = below or (not pattern and asked.startswith(uri.rstrip("/") + "/"))
        if not (exact or folder or (pattern and fnmatch.fnmatchcase(asked, uri))):
            continue
        if item.key.endswith("/"):  # what consoles make to show an empty folder
            continue
        if folder and not exact and not is_archive_name(item.key):
            yield full
            continue
        matched = True
        top = _fixed_part(uri) if pattern else uri.rstrip("/") + "/"
        name = item.key.rsplit("/", 1)[-1] if exact else asked[len(top) :]
        yield InputFile(full, name, item.size, item.etag, None if item.size else "empty_file")
    if not matched:
        yield _missing(uri)


def _path_list(uri: str, options: StorageOptions) -> Iterator[InputFile | str]:
    try:
        lines = list(_lines(_read_whole(uri, options)))
    except ArchiveError as error:
        yield _missing(uri, error.reason)
        return
    for line in lines:
        if scheme_of(line) or line.startswith("/"):
            yield from _resolved(line, options)
            continue
        target = options.paths_prefix + line
        if scheme_of(target) in ("", "file"):
            yield _local_file(local_path(target), line)
        else:
            yield InputFile(target, line, -1, "", None)
    if not lines:
        yield _missing(uri, "empty_file")


def _lines(data: bytes) -> Iterator[str]:
    for raw in io.BytesIO(data):
        line = raw.decode("utf-8", "replace").strip()
        if line and not line.startswith("#"):
            yield line


def _read_whole(uri: str, options: StorageOptions) -> bytes:
    source = open_source(uri, options)
    try:
        if source.size > _MAX_PATH_LIST_BYTES:
            raise ArchiveError(uri, "unreadable", "too large for a path list")
        data = source.read_at(0, source.size)
    finally:
        source.close()
    if data[:2] != b"\x1f\x8b":
        return data
    out = bytearray()
    while data:
        inflate = zlib.decompressobj(31)
        try:
            out += inflate.decompress(data, _MAX_PATH_LIST_BYTES - len(out) + 1)
        except zlib.error as error:
            raise ArchiveError(uri, "unreadable", "a damaged gzip file") from error
        if len(out) > _MAX_PATH_LIST_BYTES or not inflate.eof:
            raise ArchiveError(uri, "unreadable", "a cut or too large gzip file")
        data = inflate.unused_data
    return bytes(out)


def uniquely_named(files: Iterable[InputFile]) -> list[InputFile]:
    """Put parent folders before names that clash, one more each time, until none does."""
    files = list(files)
    parts = [local_path(file.uri).as_posix().split("/") for file in files]
    names = [file.name for file in files]
    for _ in range(max(map(len, parts), default=0)):
        counts = Counter(names)
        if len(counts) == len(names):
            break
        names = [
            _longer(name, part) if counts[name] > 1 else name
            for name, part in zip(names, parts, strict=True)
        ]
    return [file._replace(name=name) for file, name in zip(files, names, strict=True)]


def _longer(name: str, parts: list[str]) -> str:
    """Return the name with one more of its parents, or as it is where there is none."""
    depth = name.count("/") + 2
    return "/".join(parts[-depth:]) if depth <= len(parts) else name
