"""Figures of English for ``corpusmill fit``, from the documents of a run.

    benchmarks/english_reference.py RUN > filters/data/english_reference.tsv

Documents the model is sure of (.65 or more, FineWeb's bound), a text once, no rule applied: the
bounds' place in the tails is what matters. The archives and their documents are named in the head.
"""

import sys
from collections import Counter

import pyarrow as pa

from filters.fitting import ENGLISH, written
from pipeline import parquet, stages
from pipeline.files import Folder
from pipeline.schema import MEASURES

SURE = 0.65


def main() -> None:
    folder = Folder(sys.argv[1])
    names = ["lang", "lang_score", "text_hash", "warc_file", *(c.name for c in MEASURES)]
    files = stages.required(folder, "extract").files["documents"]
    batches = [b for file in files for b in parquet.batches(folder, file.path, names)]
    rows = pa.Table.from_batches(batches).to_pylist()
    rows.sort(key=lambda row: (row["text_hash"], row["warc_file"]))
    english = [r for r in rows if r["lang"] == ENGLISH and r["lang_score"] >= SURE]
    once = list({row["text_hash"]: row for row in english}.values())
    archives = Counter(row["warc_file"].rpartition("/")[0] for row in once)
    table = pa.Table.from_pylist(once, pa.Table.from_batches(batches).schema)
    columns = {c.name: table[c.name].to_numpy() for c in MEASURES}
    source = [
        f"{len(once)} English documents (score of {SURE} or more, every text once) extracted from:",
        *(f"{count} of {archive}" for archive, count in archives.most_common()),
    ]
    print(written(columns, source), end="")


if __name__ == "__main__":
    main()
