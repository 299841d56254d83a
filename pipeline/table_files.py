"""Tables of documents as inputs: HPLT's intermediate files, and JSON lines with a text each.

``text.zst`` and ``html.zst`` are read beside ``metadata.zst``, ``lang.zst`` and ``allowed.zst`` of
the same folder: the n-th lines of all belong to one document
(https://github.com/hplt-project/warc2text-runner and monotextor-slurm).
``*.jsonl.zst`` stands alone. Where texts and pages lie together the texts are read, which were made
from the pages.
"""

from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from typing import Final, NamedTuple

from pipeline.errors import ArchiveError
from pipeline.inputs import InputFile, uniquely_named
from pipeline.storage import StorageOptions, local_path, open_source, scheme_of
from pipeline.table_names import BESIDE, LEADING, VERDICTS, base

MISSING: Final = "missing_partner"


class Group(NamedTuple):
    """An archive or table, and the files that are read with it.

    ``unread`` are pages that are not, since ``file`` holds their texts.
    """

    file: InputFile
    partners: tuple[InputFile, ...] = ()
    unread: tuple[InputFile, ...] = ()

    @property
    def files(self) -> tuple[InputFile, ...]:
        """All of them."""
        return (self.file, *self.partners, *self.unread)

    @property
    def size(self) -> int:
        """Bytes that are read."""
        return sum(max(file.size, 0) for file in (self.file, *self.partners))


def sized(file: InputFile, options: StorageOptions) -> InputFile:
    """An input with its size and version, which listings of path lists do not tell."""
    if file.problem or file.size >= 0:
        return file
    try:
        with closing(open_source(file.uri, options)) as source:
            return file._replace(size=source.size, version=source.version)
    except ArchiveError as error:
        return file._replace(problem=error.reason)


def completed(files: Sequence[InputFile], options: StorageOptions) -> list[InputFile]:
    """The inputs, with those files that are read with tables among them and were not named.

    A table may be named without its folder. Tables that lack a partner have a problem.
    """
    known = {file.uri for file in files}
    more: dict[str, InputFile] = {}
    for file in files:
        for name in LEADING.get(base(file.uri), ()) if file.problem is None else ():
            uri = _beside(file.uri, name)
            if uri not in known:
                found = sized(InputFile(uri, _beside(file.name, name), -1, "", None), options)
                more |= {uri: found} if found.problem != "missing" else {}
    every = uniquely_named([*files, *more.values()])
    return [file for group in grouped(every) for file in group.files]


def whole(uri: str, options: StorageOptions) -> Group:
    """One archive or table and its partners; ArchiveError where it cannot be opened."""
    with closing(open_source(uri, options)) as source:
        file = InputFile(uri, base(uri), source.size, source.version, None)
    return grouped(completed([file], options))[0]


def _beside(uri: str, name: str) -> str:
    folder, slash, _ = uri.partition("?")[0].rpartition("/")
    return f"{folder}{slash}{name}"


def grouped(files: Sequence[InputFile]) -> list[Group]:
    """Every archive and table with its partners.

    A table that has none, or a broken one, has a problem; so has a partner without its table.
    """
    places = {(_folder(file), base(file.uri)): file for file in files}
    taken: set[str] = set()
    groups = []
    for file in files:
        name, folder = base(file.uri), _folder(file)
        if name not in LEADING or (name == "html.zst" and (folder, "text.zst") in places):
            continue
        partners = [places[folder, role] for role in LEADING[name] if (folder, role) in places]
        described = any(base(partner.uri) != VERDICTS for partner in partners)
        sound = described and not any(partner.problem for partner in partners)
        pages = places.get((folder, "html.zst")) if name == "text.zst" else None
        table = file if sound else file._replace(problem=file.problem or MISSING)
        group = Group(table, tuple(partners), () if pages is None else (pages,))
        groups.append(group)
        taken |= {one.uri for one in group.files}
    for file in files:
        if file.uri not in taken:
            alone = base(file.uri) in BESIDE and not file.problem
            groups.append(Group(file._replace(problem=MISSING) if alone else file))
    return groups


def _folder(file: InputFile) -> str:
    local = scheme_of(file.uri) in ("", "file")
    return str(local_path(file.uri).parent) if local else _beside(file.uri, "")


def cuts(group: Group, target_bytes: int) -> list[tuple[int, int]]:
    """A table in ranges [start, end) for about ``target_bytes`` of all files that are read."""
    size, pieces = group.file.size, max(round(group.size / target_bytes), 1)
    return list(pairwise(sorted({size * i // pieces for i in range(pieces + 1)})))
