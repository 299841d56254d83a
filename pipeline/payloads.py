"""Payloads of a whole run: pages that are byte for byte an earlier page of another range.

A look beforehand reads every record, but extracts no page. It notes of each range the payloads its
own screen would let through, with their first page; a range is then told of those that an earlier
one has. Earlier is by name of input and place in it, so that it does not depend on which task was
first. Within a range its own screen knows.
"""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from pipeline import extraction, parquet
from pipeline.config import Config
from pipeline.extraction import Range, Task
from pipeline.files import Folder
from pipeline.screening import Addresses, RangeScreen

TABLE: Final = "payloads"
PAYLOADS: Final = pa.schema(
    [("file", pa.int32()), ("payload", pa.binary()), ("doc_id", pa.string())]
)
"""``file``: number of the task, in their order; ``payload``: ``RangeScreen``'s 128-bit hash."""


def place(task: Task) -> tuple[str, int]:
    """What tasks are ordered by, so that "earlier" means the same in every run."""
    return (task.name, task.start) if isinstance(task, Range) else (task.key, 0)


def of_task(
    number: int, task: Task, config: Config, judge: Addresses | None
) -> Iterator[pa.RecordBatch]:
    """Payloads of a task's records that would be extracted; up to ``MAX_PAYLOADS``."""
    screen = RangeScreen(config.screen, judge)
    for batch in extraction.batches(task, config):
        screen(batch)
    seen = screen.seen
    yield pa.record_batch(
        [pa.array([number] * len(seen), pa.int32()), list(seen), list(seen.values())], PAYLOADS
    )


def earlier(folder: Folder, path: str | None) -> dict[bytes, str]:
    """Payloads that earlier tasks have, and their first pages; ``path``: a task's file, or none."""
    if path is None:
        return {}
    return {
        row["payload"]: row["doc_id"]
        for batch in parquet.batches(folder, path, ["payload", "doc_id"])
        for row in batch.to_pylist()
    }
