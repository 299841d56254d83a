"""Repeated text of a corpus: in one process, in Spark and by plain Python the same."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import stored_known, stored_run, table
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.addresses import normalised
from filters.line_edits import line_edits, removed, without
from jobs import curate
from language_id.decoded import characters_of
from language_id.words import LOWER
from pipeline import (
    comparing,
    config,
    deciding,
    manifest,
    parquet,
    repeats,
    repeats_narrow,
    stages,
    stats,
)
from pipeline.edits import NOTHING_LEFT
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.repeat_config import Repeats
from pipeline.repeats import COLUMNS, Found, Steps
from pipeline.schema import SUPERSEDED

LINES = (
    "Home", "Contact us", "© 2024 The Mill", "Read more about the old mill by the river here.",
    "The wheel turns slowly in the summer, since the river is low.", "the WHEEL turns slowly in "
    "the summer,  since the river is low.", "A sack of flour weighs eighty kilograms.", "  ",
    "Millers were paid in grain, of which they kept a sixteenth part.", "Ends here.",
)  # fmt: skip
BOTH = Repeats(site_line_pages=2, paragraphs="lines", paragraph_min_chars=20)


@dataclass(frozen=True)
class Page:
    """What the steps look at of a kept document."""

    doc_id: str
    url: str
    host: str
    text: str


def pages(draw, count):
    made = []
    for _ in range(count):
        host = draw.choice(["a.example", "b.example", ""])
        lines = draw.choices(LINES, k=draw.randint(0, 6))
        text = "".join(line + "\n" * draw.randint(1, 3) for line in lines)
        url = f"https://{host}/{draw.randint(0, 8)}#{draw.random()}" if host else ""
        made.append(Page(f"{draw.getrandbits(128):032x}", url, host, text.strip("\n")))
    return made


def normal(line):
    return " ".join("".join(chr(LOWER[ord(c)]) for c in line).split())


def filled(line):
    return len("".join(line.split()))


def pieces(text, blocks=False):
    return [p for p in text.split("\n\n" if blocks else "\n") if p.strip()]


def expected(corpus, wanted, edits=()):
    """The lines left of each page, by plain Python."""
    hosts = defaultdict(set)
    for page in corpus:
        for line in pieces(page.text):
            if page.host and filled(line) >= wanted.site_line_min_chars:
                hosts[page.host, normal(line)].add(normalised(page.url))
    most = wanted.site_line_pages or len(corpus)
    texts = {}
    for page in corpus:
        lines = [
            line for line in pieces(page.text)
            if filled(line) < wanted.site_line_min_chars
            or len(hosts[page.host, normal(line)]) <= most
        ]  # fmt: skip
        characters = characters_of(["\n".join(lines)])
        left = without(characters, line_edits(characters, ["eng_Latn"], edits))
        texts[page.doc_id] = pieces("".join(map(chr, left.codes)))
    if wanted.paragraphs == "off":
        return texts, Counter()
    copies, seen = Counter(), set()
    for doc_id in sorted(texts):
        kept = []
        for line in texts[doc_id]:
            asked = filled(line) >= wanted.paragraph_min_chars
            copies[normal(line)] += asked
            if not asked or normal(line) not in seen:
                kept.append(line)
            if asked:
                seen.add(normal(line))
        texts[doc_id] = kept
    return texts, copies


def batch_of(corpus):
    columns = {
        "doc_id": [p.doc_id for p in corpus], "url": [p.url for p in corpus],
        "host": [p.host for p in corpus], "lang": ["eng_Latn"] * len(corpus),
        "text": [p.text for p in corpus],
    }  # fmt: skip
    return pa.record_batch([pa.array(columns[name], pa.string()) for name in COLUMNS], COLUMNS)


def cut_in_parts(corpus, steps, sizes):
    """The pages cut with batches of these sizes; text left and spans of each."""
    parts, start = [], 0
    for size in [*sizes, len(corpus)]:
        parts.append(batch_of(corpus[start : start + size]))
        start += size
    found = repeats_narrow.repeated(lambda: ((None, part) for part in parts), steps)
    left, gone = {}, {}
    for part in parts:
        made = repeats.cut(part, steps, found)
        bounds = made.left.offsets.tolist()
        spans = removed(made.characters, made.edits)
        for i, doc_id in enumerate(part.column("doc_id").to_pylist()):
            left[doc_id] = "".join(map(chr, made.left.codes[bounds[i] : bounds[i + 1]]))
            gone[doc_id] = spans[i]
    return found, left, gone


@given(
    st.integers(0, 10**6), st.integers(0, 40), st.sampled_from([0, 1, 2, 5]),
    st.sampled_from(["off", "lines"]), st.sampled_from([(), ("c4",)]),
    st.lists(st.integers(0, 9), max_size=4),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_lines_left_are_those_of_plain_python_however_the_pages_are_parted(
    seed, count, most, paragraphs, edits, sizes
):
    draw = random.Random(seed)
    corpus = pages(draw, count)
    wanted = Repeats(
        site_line_pages=most, site_line_min_chars=draw.choice([1, 10]), paragraphs=paragraphs,
        paragraph_min_chars=draw.choice([1, 20, 45]),
    )  # fmt: skip
    steps = Steps(wanted, edits)
    _, left, gone = cut_in_parts(corpus, steps, sizes)
    assert {d: pieces(text) for d, text in left.items()} == expected(corpus, wanted, edits)[0]
    draw.shuffle(corpus)
    assert cut_in_parts(corpus, steps, ())[1:] == (left, gone)
    for page in corpus:
        again = left[page.doc_id]
        for span in gone[page.doc_id]:
            assert page.text[span.start : span.end]
            again = again[: span.start] + page.text[span.start : span.end] + again[span.start :]
        assert again == page.text


@given(st.integers(0, 10**6), st.integers(0, 40))
@settings(max_examples=50, deadline=None)
def test_every_paragraph_that_goes_stands_once_in_what_is_left(seed, count):
    corpus = pages(random.Random(seed), count)
    steps = Steps(BOTH, ("c4",))
    _, left, gone = cut_in_parts(corpus, steps, (7, 3))
    texts = {page.doc_id: page.text for page in corpus}
    standing = Counter(normal(line) for text in left.values() for line in pieces(text))
    for doc_id, spans in gone.items():
        for span in spans:
            line = normal(texts[doc_id][span.start : span.end])
            if span.kind == "repeats.paragraph" and line:
                assert standing[line] == 1


def test_blocks_go_whole_and_lines_of_them_stay():
    wrapped = "A paragraph that is wrapped\nby hand stands in two files."
    corpus = [
        Page("1" * 32, "https://a.example/1", "a.example", f"{wrapped}\n\nOther words here."),
        Page("0" * 32, "https://a.example/2", "a.example", f"By hand stands.\n\n{wrapped}"),
    ]  # fmt: skip
    wanted = Repeats(paragraphs="blocks", paragraph_min_chars=20)
    _, left, _ = cut_in_parts(corpus, Steps(wanted), ())
    assert left == {"1" * 32: "Other words here.", "0" * 32: corpus[1].text}


def test_pages_are_addresses_and_a_page_of_no_host_has_no_site():
    line = "Menu of the site"
    fetches = [
        Page(f"{i:032x}", f"https://www.a.example/x?utm_source={i}", "a.example", line)
        for i in range(9)
    ]
    nowhere = [Page(f"{i:032x}", "", "", line) for i in range(20, 29)]
    steps = Steps(Repeats(site_line_pages=1))
    assert not len(cut_in_parts(fetches + nowhere, steps, ())[0].lines)
    other = Page(f"{99:032x}", "https://a.example/y", "a.example", line.upper())
    _, left, _ = cut_in_parts([*fetches, *nowhere, other], steps, ())
    assert {d for d, text in left.items() if not text} == {p.doc_id for p in [*fetches, other]}


def test_nothing_found_cuts_nothing():
    made = repeats.cut(batch_of(pages(random.Random(1), 9)), Steps(BOTH), Found())
    assert np.array_equal(made.left.codes, made.characters.codes)
    assert not repeats.is_emptied(made).any()


# --- the whole step, by Spark -----------------------------------------------------------------


def row_of(draw):
    page = pages(draw, 1)[0]
    own = f"\nOnly here {draw.random()} stands." if draw.random() < 0.7 else ""
    url = page.host and f"https://{page.host}/{draw.randint(0, 30)}#{draw.random()}"
    return {"url": url, "host": page.host, "text": page.text + own, "pii": []}


OWN = """
[rules]
order = ["language.score"]
[duplicates]
newest_per_url = true
[edits]
steps = ["c4"]
[repeats]
site_line_pages = 6
paragraphs = "lines"
paragraph_min_chars = 20
"""


@pytest.fixture(scope="module")
def own_config(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_text(OWN)
    return config.load(None, str(path))


def published(folder, table):
    paths = sorted(Path(folder.path(table)).glob("*/*.parquet"))
    return {row["doc_id"]: row for path in paths for row in pq.read_table(path).to_pylist()}


@pytest.mark.spark
def test_a_corpus_without_repeats_is_as_plain_python_has_it_by_both_deciders(
    spark, tmp_path, own_config, monkeypatch
):
    folder, draw = Folder(str(tmp_path / "run")), random.Random(4)
    stored = {row["doc_id"]: row for row in stored_run(
        folder, draw, sizes=(110, 1, 140), langs=("eng_Latn",), each=row_of,
    )}  # fmt: skip
    members, known = stored_known(folder, draw, 90, symmetric=True)
    shown = curate.preview(own_config, folder)
    curate.run(spark, own_config, folder)
    assert pq.read_table(folder.path("stats/funnel.parquet")).to_pylist() == shown
    corpus, gone = published(folder, "corpus"), published(folder, "removed")
    assert corpus.keys() | gone.keys() == stored.keys()
    emptied = {d for d, row in gone.items() if row["reason"] == NOTHING_LEFT.name}
    late = {d for d in emptied if gone[d]["rejected_value"] == 0 and stored[d]["text"]}
    candidates = [
        Page(d, stored[d]["url"], stored[d]["host"], stored[d]["text"])
        for d in corpus.keys() | late
    ]
    # of the emptied those that line edits alone leave nothing of are a rule's, before all others
    ruled = {
        p.doc_id for p in candidates
        if not expected([p], Repeats(), ("c4",))[0][p.doc_id]
    }  # fmt: skip
    assert ruled <= late
    candidates = [p for p in candidates if p.doc_id not in ruled]
    texts, copies = expected(candidates, own_config.repeats, ("c4",))
    assert {d: pieces(row["text"]) for d, row in corpus.items()} == {
        d: lines for d, lines in texts.items() if lines
    }
    assert late - ruled == {d for d, lines in texts.items() if not lines}
    assert late - ruled
    for d, row in corpus.items():
        again = row["text"]
        for span in row["edits"]:
            piece = stored[d]["text"][span["start"] : span["end"]]
            again = again[: span["start"]] + piece + again[span["start"] :]
        assert again == stored[d]["text"]
    assert {s["kind"] for row in corpus.values() for s in row["edits"]} >= {
        "repeats.site_line", "repeats.paragraph", "c4.few_words",
    }  # fmt: skip
    check_counts(folder, corpus, own_config)
    check_lists(folder, candidates, copies)
    superseded = check_superseded(folder, known, members, late)
    check_the_same_again(spark, folder, own_config, monkeypatch)
    assert check_superseded(folder, known, members, late) == superseded


def check_superseded(folder, known, members, emptied):
    """What older corpora hold goes for a copy that stays here, and for none that was emptied."""
    corpus = published(folder, "corpus")
    cluster = {row["node"]: row["cluster"] for row in members}
    nodes = dict(
        zip(stored := [*corpus, *emptied], node_of(pa.array(stored)).tolist(), strict=True)
    )
    stays = {cluster[nodes[doc_id]]: doc_id for doc_id in corpus}
    held = [row for row in known if row["held"]]
    expected = sorted(
        (row["corpus"], row["doc_id"], stays[row["cluster"]])
        for row in held
        if row["cluster"] in stays
    )
    files = stages.required(folder, "curate").files["superseded"]
    found = sorted(tuple(row.values()) for row in table(folder, files, SUPERSEDED))
    assert found == expected
    spared = {cluster[nodes[doc_id]] for doc_id in emptied} & {row["cluster"] for row in held}
    assert spared - stays.keys()
    gone = published(folder, "removed").values()
    assert {row["kept_doc_id"] for row in gone if not row["kept_in"]} <= {None, *corpus}
    kept_in = {(row["kept_in"], row["kept_doc_id"]) for row in gone if row["kept_in"]}
    assert kept_in
    assert kept_in <= {(row["corpus"], row["doc_id"]) for row in held}
    assert not {doc_id for _, doc_id in kept_in} & {doc_id for _, doc_id, _ in found}
    return found


def check_counts(folder, corpus, own_config):
    """The statistics are those of the published spans, and ``compare`` tells the same."""
    counted = defaultdict(lambda: [0, 0, 0])
    for row in corpus.values():
        for kind in {s["kind"] for s in row["edits"]}:
            own = [s["end"] - s["start"] for s in row["edits"] if s["kind"] == kind]
            for i, number in enumerate((1, len(own), sum(own))):
                counted[row["lang"], kind][i] += number
    told = pq.read_table(folder.path("stats/edits.parquet")).to_pylist()
    names = ("documents", "spans", "chars")
    assert {(r["lang"], r["kind"]): [r[name] for name in names] for r in told} == counted
    found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    _, (side,) = comparing.sides(folder, *found, [own_config])
    assert {("eng_Latn", kind): list(own.values()) for kind, own in side.cuts.items()} == {
        key: own for key, own in counted.items() if key[1].startswith("repeats.")
    }


def check_lists(folder, candidates, copies):
    """The committed lists hold every repeated paragraph with its exact number of copies."""
    lists = stages.required(folder, "curate").files["repeats"]
    rows = [row for f in lists for b in parquet.batches(folder, f.path) for row in b.to_pylist()]
    paragraphs = {row["hash"]: row["copies"] for row in rows if row["step"] == "paragraph"}
    assert sorted(paragraphs.values()) == sorted(n for n in copies.values() if n > 1)
    assert {row["step"] for row in rows} == {"paragraph", "site_line"}
    for row in rows:
        assert (row["kept_node"] is None) == (row["step"] == "site_line")
    assert {path for path, _ in folder.list("repeats")} == {file.path for file in lists}


def check_the_same_again(spark, folder, own_config, monkeypatch):
    """Spark's decider, with another parallelism, gives the same bytes."""
    before = manifest.read(folder)
    partitions = spark.conf.get("spark.sql.shuffle.partitions")
    stages.forget(folder, "curate")
    with monkeypatch.context() as patched:
        patched.setattr(deciding, "MOST_ROWS", 0)
        spark.conf.set("spark.sql.shuffle.partitions", "3")
        curate.run(spark, own_config, folder)
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
    assert manifest.read(folder) == before
    reasons = Counter(row["reason"] for row in published(folder, "removed").values())
    assert reasons["duplicate.url"] > 5
    assert reasons["duplicate.near"] > 5
    shown = pq.read_table(folder.path("stats/funnel.parquet")).to_pylist()
    assert stats.total(shown, stage="duplicates") == sum(
        n for reason, n in reasons.items() if reason.startswith("duplicate.")
    )
