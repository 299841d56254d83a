"""Documents without text: ids, languages, text hashes and signatures with planted clusters.

Every value is a hash of what it belongs to, so any part can be made alone and a seed gives the
same bytes. A document is a copy in a family (its planted cluster):

- family sizes follow a power law, and so do languages;
- half the copies have the text of the family's first, the others a text of their own, whose
  hashes each equal the first's with the family's similarity: what MinHash gives at that Jaccard;
- some families share a template, whose bands are theirs too: large buckets of strangers.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import config, parquet, stages
from pipeline.files import Folder
from pipeline.judging import OBJECTIONS, hexadecimal, node_of, nodes
from pipeline.schema import UTC

SETTINGS = config.load()
HASHES, BAND_ROWS = SETTINGS.duplicates.hashes, SETTINGS.duplicates.rows
SIZE_EXPONENT = 2.5
"""P(family of n) ~ n^-2.5: 38 % of documents alone, on average 1.95 a family."""
EXACT_SHARE = 0.5
SIMILARITY = (0.75, 1.0)
TEMPLATE_SHARE = 0.3
"""Families that share two bands with all families of their template."""
TEMPLATE_EXPONENT = 1.5
LANGUAGES = [
    "eng_Latn", "deu_Latn", "fra_Latn", "spa_Latn", "ita_Latn", "pol_Latn", "nld_Latn", "por_Latn",
    "ces_Latn", "ron_Latn", "swe_Latn", "hun_Latn", "ell_Grek", "bul_Cyrl", "dan_Latn", "fin_Latn",
    "slk_Latn", "hrv_Latn", "lit_Latn", "slv_Latn", "ekk_Latn", "lvs_Latn", "mlt_Latn", "gle_Latn",
]  # fmt: skip
PART_ROWS, WRITE_ROWS = 250_000, 10_000
COLUMNS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("lang", pa.string()),
        ("text_hash", pa.binary(16)),
        ("signature", pa.binary()),
        ("lang_score", pa.float32()),
        ("warc_date", UTC),
        ("text_chars", pa.int32()),
        ("warc_file", pa.string()),
        *((name, pa.int32()) for name in OBJECTIONS),
    ]
)
ID, TEXT, LANGUAGE, EXACT, SIMILAR, OWN, BASE, TEMPLATE, IN_TEMPLATE, SCORE = (
    np.uint64(n << 56) for n in range(1, 11)
)


class Plan(NamedTuple):
    """Family of every document in writing order, and which copy of it."""

    family: NDArray[np.int64]
    copy: NDArray[np.int64]
    seed: int

    def variant(self) -> NDArray[np.int64]:
        """0 for copies of the first's text, else the number of the copy."""
        draw = _uniform(self.seed, EXACT, self.family, self.copy)
        return np.where((self.copy == 0) | (draw < EXACT_SHARE), 0, self.copy)


def plan(documents: int, seed: int) -> Plan:
    """Families of all documents, in random order."""
    draw = np.random.default_rng(seed)
    sizes = draw.zipf(SIZE_EXPONENT, documents)
    families = int(np.searchsorted(np.cumsum(sizes), documents)) + 1
    sizes = sizes[:families]
    sizes[-1] -= int(sizes.sum()) - documents
    family = np.repeat(np.arange(families), sizes)
    copy = np.arange(documents) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    order = draw.permutation(documents)
    return Plan(family[order], copy[order], seed)


def node_numbers(seed: int, first: int, last: int) -> NDArray[np.int64]:
    """Nodes of these documents in writing order."""
    return nodes(_hash(seed, ID, np.arange(first, last), np.zeros(last - first, np.int64)))


def part(planted: Plan, first: int, last: int) -> Plan:
    """The plan of these documents alone."""
    return Plan(planted.family[first:last], planted.copy[first:last], planted.seed)


def build(target: Folder, planted: Plan, first: int, last: int) -> dict[str, int]:
    """Write documents from ``first`` to before ``last`` as ``extract`` leaves them.

    Columns that deduplicate does not read are left out.
    """
    files = []
    for number, start in enumerate(range(first, last, PART_ROWS)):
        path = f"documents/{number:05d}.parquet"
        end = min(start + PART_ROWS, last)
        with parquet.Writer(target, path, COLUMNS) as out:
            for at in range(start, end, WRITE_ROWS):
                out.write(_rows(planted, at, min(at + WRITE_ROWS, end)))
        files.append(out.file)
    made_with = {
        "signature": SETTINGS.duplicates.signature,
        "language": SETTINGS.language.model_dump(mode="json"),
    }
    parts = {"config": made_with, "planted": [len(planted.family), planted.seed, first, last]}
    stages.finish(target, stages.Stage("extract", parts, {"documents": files}, {}))
    return {"bytes": sum(f.bytes for f in files)}


def _rows(planted: Plan, start: int, end: int) -> pa.RecordBatch:
    own = part(planted, start, end)
    seed, count, number = planted.seed, end - start, np.arange(start, end)
    variant, none = own.variant(), np.zeros(count, np.int64)
    heads = _hash(seed, ID, number, none)
    ids = np.stack([heads, _hash(seed, ID, number, none + 1)], axis=1)
    text = np.stack([_hash(seed, TEXT, own.family, 2 * variant + k) for k in (0, 1)], axis=1)
    rank = np.exp(_uniform(seed, LANGUAGE, own.family, none) * np.log(len(LANGUAGES) + 1)) - 1
    languages = pa.array(LANGUAGES).take(pa.array(rank.astype(np.int64)))
    signature = np.empty((count, HASHES), np.uint32)
    similarity = SIMILARITY[0] + np.ptp(SIMILARITY) * _uniform(seed, SIMILAR, own.family, none)
    _sign(seed, own.family, variant, similarity, _template(seed, own.family), signature)
    planted_columns = [hexadecimal(ids), languages, _fixed(text), _binary(signature)]
    score = np.round(_uniform(seed, SCORE, number, none), 4).astype(np.float32)
    others = [
        pa.array(score),
        pa.array(1_700_000_000_000_000 + number * 1_000_000).cast(UTC),
        pa.array((200 + 4000 * score).astype(np.int32)),
        pa.array(["planted.warc.gz"] * count),
        *(pa.array(np.zeros(count, np.int32)) for _ in OBJECTIONS),
    ]
    return pa.record_batch([*planted_columns, *others], COLUMNS)


def _template(seed: int, family: NDArray[np.int64]) -> NDArray[np.int64]:
    """Template of each family, by a power law without end; -1 for none."""
    none = np.zeros(len(family), np.int64)
    rank = _uniform(seed, TEMPLATE, family, none) ** (-1 / (TEMPLATE_EXPONENT - 1))
    has = _uniform(seed, IN_TEMPLATE, family, none) < TEMPLATE_SHARE
    return np.where(has, np.minimum(rank, 1e12).astype(np.int64), -1)


def _fixed(numbers: NDArray[np.uint64]) -> pa.Array:
    raw = pa.py_buffer(np.ascontiguousarray(numbers))
    return pa.Array.from_buffers(pa.binary(16), len(numbers), [None, raw])


def _binary(rows: NDArray[np.uint32]) -> pa.Array:
    count, width = rows.shape
    offsets = np.arange(count + 1, dtype=np.int32) * (4 * width)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(rows)]
    return pa.Array.from_buffers(pa.binary(), count, buffers)


@njit(cache=True)
def _mix(value: np.uint64) -> np.uint64:
    """SplitMix64's finaliser (Steele, Lea and Flood 2014), a bijection."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True)
def _key(seed: int, kind: np.uint64, one: int, other: int) -> np.uint64:
    """Distinct for documents of one kind and ``other``, as ``_mix`` and xor are bijections."""
    return _mix(_mix(_mix(kind ^ np.uint64(seed)) ^ np.uint64(other)) ^ np.uint64(one))


@njit(cache=True)
def _hash(
    seed: int, kind: np.uint64, one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.uint64]:
    out = np.empty(len(one), np.uint64)
    for i in range(len(one)):
        out[i] = _key(seed, kind, one[i], other[i])
    return out


def _uniform(
    seed: int, kind: np.uint64, one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Numbers above 0 and up to 1."""
    return ((_hash(seed, kind, one, other) >> np.uint64(11)) + np.uint64(1)) * 2.0**-53


@njit(cache=True)
def _sign(
    seed: int,
    family: NDArray[np.int64],
    variant: NDArray[np.int64],
    similarity: NDArray[np.float64],
    template: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> None:
    width = out.shape[1]
    for i in range(len(family)):
        bands = width // BAND_ROWS
        first = int(_key(seed, TEMPLATE, template[i], 1) % np.uint64(bands - 1))
        low = first * BAND_ROWS if template[i] >= 0 else width
        shared = _key(seed, TEMPLATE, template[i], 2)
        base = _key(seed, BASE, family[i], 0)
        own = _key(seed, OWN, family[i], variant[i])
        for j in range(width):
            drawn = _mix(own ^ np.uint64(j))
            if variant[i] and float(drawn >> np.uint64(32)) * 2.0**-32 >= similarity[i]:
                out[i, j] = np.uint32(drawn)
            elif low <= j < low + 2 * BAND_ROWS:
                out[i, j] = np.uint32(_mix(shared ^ np.uint64(j)))
            else:
                out[i, j] = np.uint32(_mix(base ^ np.uint64(j)))


def facts(planted: Plan) -> dict[str, int]:
    """What was planted."""
    firsts = planted.variant() == 0
    return {
        "documents": len(planted.family),
        "families": len(np.unique(planted.family)),
        "largest": int(np.bincount(planted.family).max()),
        "texts": int((~firsts).sum() + len(np.unique(planted.family[firsts]))),
    }


def check(source: Folder, every: Plan, first: int, last: int) -> dict[str, int]:
    """Clusters found beside those planted; exact copies have to agree, similar ones are counted.

    ``mixed`` counts documents in a cluster that is named after another family's: none should be.
    ``joined`` of ``links`` needed to connect every family were found.
    """
    table = pa.Table.from_batches(
        [
            batch
            for file in stages.required(source, "deduplicate").files["members"]
            for batch in parquet.batches(source, file.path)
        ]
    )
    node, cluster, size, exact = (
        table.column(name).to_numpy() for name in ("node", "cluster", "cluster_size", "exact_node")
    )
    planted = part(every, first, last)
    expected = node_numbers(every.seed, first, last)
    order, sorted_order = np.argsort(expected), np.argsort(node)
    if not np.array_equal(expected[order], node[sorted_order]):
        raise SystemExit("not every document has exactly one row")
    node, cluster, size, exact = (c[sorted_order] for c in (node, cluster, size, exact))
    family, variant = planted.family[order], planted.variant()[order]
    text = family * (int(variant.max()) + 1) + variant
    _, inverse = np.unique(text, return_inverse=True)
    least = np.full(inverse.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, inverse, node)
    if not np.array_equal(least[inverse], exact):
        raise SystemExit("exact copies differ from what was planted")
    names, place, counts = np.unique(cluster, return_inverse=True, return_counts=True)
    if not np.array_equal(counts[place], size):
        raise SystemExit("cluster sizes are wrong")
    families = len(np.unique(family))
    cluster_family = family[np.searchsorted(node, cluster)]
    older = stages.required(source, "deduplicate").files["known"]
    return {
        "clusters": len(names),
        "largest_found": int(counts.max()),
        "mixed": int((cluster_family != family).sum()),
        "links": len(least) - families,
        "joined": len(least) - len(names),
        **(_known(source, every, first, last) if older else {}),
    }


def _known(source: Folder, every: Plan, first: int, last: int) -> dict[str, int]:
    """Documents before ``first`` found in clusters of the others: whose text is, and who belongs.

    Each of the older documents with a text of the newer ones has to be there, under that text.
    """
    files = stages.required(source, "deduplicate").files["known"]
    columns = ["cluster", "doc_id", "exact_node"]
    found = pa.Table.from_batches(
        [batch for file in files for batch in parquet.batches(source, file.path, columns)]
    ).combine_chunks()
    variant, width = every.variant(), int(every.copy.max()) + 1
    text = every.family * width + variant
    own = node_numbers(every.seed, 0, last)
    order = np.argsort(own)
    row = order[np.searchsorted(own[order], node_of(found["doc_id"].combine_chunks()))]
    named = order[np.searchsorted(own[order], found["cluster"].to_numpy())]
    mixed = int((every.family[row] != every.family[named]).sum())
    exact = found["exact_node"].combine_chunks()
    told = exact.is_valid().to_numpy(zero_copy_only=False)
    same = order[np.searchsorted(own[order], exact.fill_null(0).to_numpy()[told])]
    shared = np.flatnonzero(np.isin(text[:first], text[first:last]))
    if not np.array_equal(np.sort(row[told]), shared) or (text[row[told]] != text[same]).any():
        raise SystemExit("older documents of the same text differ from what was planted")
    family = np.isin(every.family[:first], every.family[first:last])
    return {
        "known": len(row),
        "known_mixed": mixed,
        "known_same_text": int(told.sum()),
        "known_expected": int(family.sum()),
    }


if __name__ == "__main__":
    what, folder, *numbers = sys.argv[1:]
    count, number, start, stop = map(int, numbers)
    whole = plan(count, number)
    if what == "build":
        print(json.dumps(build(Folder(folder), whole, start, stop)))
    elif what == "facts":
        print(json.dumps(facts(part(whole, start, stop))))
    else:
        print(json.dumps(check(Folder(folder), whole, start, stop)))
