"""``corpusmill fit`` as a user runs it; no JVM."""

import gzip
import json
import lzma
import random
import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import stored_run
from test_jobs_cli import refused, run, unwrapped

from filters import fitting
from filters.rules import bound
from filters.signals import SIGNALS
from pipeline import config, measuring, outcomes, stages
from pipeline.choosing import choice_of
from pipeline.criteria import criteria
from pipeline.files import Folder

WORDS = (
    "talo", "vesi", "metsä", "järvi", "lumi", "kivi", "poika", "tyttö", "kissa", "koira", "on",
    "ja", "ei", "se", "että",
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    """Texts of Finnish words in lines."""
    draw = random.Random(4)
    return [
        "\n".join(
            " ".join(draw.choice(WORDS) for _ in range(draw.randint(3, 12))).capitalize()
            + draw.choice([".", "!", ""])
            for _ in range(draw.randint(5, 20))
        )
        for _ in range(30)
    ]


def written(folder, kind, texts):
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"text": text, "n": 1}) + "\n" for text in texts).encode()
    packed = {
        "jsonl": lambda data: data, "jsonl.gz": gzip.compress, "jsonl.xz": lzma.compress,
        "jsonl.zst": zstandard.ZstdCompressor().compress,
    }  # fmt: skip
    path = folder / f"texts.{kind}"
    if kind in packed:
        path.write_bytes(packed[kind](lines))
    elif kind == "parquet":
        pq.write_table(pa.table({"text": [*texts, None]}), path)
    else:
        for number, text in enumerate(texts):
            data = text.encode()
            name = f"{number:03}.{kind}"
            (folder / name).write_bytes(gzip.compress(data) if kind == "txt.gz" else data)
        return folder
    return path


def fitted(path, *options):
    result = run("fit", path, "--language", "fin_Latn", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


KINDS = ["jsonl", "jsonl.gz", "jsonl.xz", "jsonl.zst", "parquet", "txt", "txt.gz"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_texts_gives_the_same(tmp_path, corpus, kind):
    found = fitted(written(tmp_path / "own", kind, corpus))
    expected = fitted(written(tmp_path / "plain", "jsonl", corpus))
    assert found.pop("source") != expected.pop("source")
    assert found == expected
    assert found["documents"] == len(corpus)


@pytest.mark.parametrize("method", fitting.METHODS)
def test_bounds_and_shares_are_those_of_the_formulas(tmp_path, corpus, method):
    found = fitted(written(tmp_path, "jsonl", corpus), "--method", method)
    columns = measuring.measured(corpus, "fin_Latn")
    english = fitting.english_reference()
    shown = {(fit["rule"], fit["side"]): fit for fit in found["fits"]}
    assert shown.keys() == {side.key for side in fitting.SIDES}
    for side in fitting.SIDES:
        fit, values = shown[side.key], columns[side.rule.signal]
        limit = fitting.fitted(side, english[side.key], values, method)
        assert fit["fitted"] == limit
        assert fit["shipped"] == fitting.shipped(side, "fin_Latn")
        inside = values >= np.float32(limit) if side.is_low else values <= np.float32(limit)
        assert fit["kept_fitted"] == pytest.approx(inside.mean())


def test_the_toml_changes_this_language_only_and_keeps_the_share_it_said(tmp_path, corpus):
    own = tmp_path / "fin.toml"
    found = fitted(written(tmp_path / "in", "jsonl", corpus), "--output", own)
    tables = tomllib.loads(own.read_text())["rules"]["bounds"]
    assert tables.keys() == {fit["rule"] for fit in found["fits"]}
    for preset in ("fineweb2", "openeurollm"):
        before = {rule.name: rule for rule in config.load(preset).rules.table()}
        after = {rule.name: rule for rule in config.load(preset, str(own)).rules.table()}
        for name, rule in after.items():
            for side in ("low", "high"):
                old, new = (getattr(r, side) for r in (before[name], rule))
                assert bound(new, "swe_Latn") == bound(old, "swe_Latn")
                assert bound(new, "ell_Grek") == bound(old, "ell_Grek")
                given = tables.get(name, {}).get(side, {}).get("fin_Latn")
                assert bound(new, "fin_Latn") == (
                    bound(old, "fin_Latn") if given is None else given
                )


def test_a_run_is_fitted_from_what_it_stored_with_its_language_score(tmp_path):
    folder = Folder(str(tmp_path / "run"))
    rows = stored_run(folder, random.Random(6), sizes=(150, 150), hash_ratio=0.0)
    found = fitted(folder.base)
    own = [row for row in rows if row["lang"] == "fin_Latn"]
    assert found["documents"] == len(own)
    score = found["fits"][0]
    assert (score["rule"], score["side"]) == ("fineweb2.language_score", "low")
    scores = np.array([row["lang_score"] for row in own])
    assert score["fitted"] == fitting.language_score(scores)
    settings = config.load("fineweb2")
    stage = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    choice = choice_of(settings.duplicates, stage[1].parts)
    tables, _ = outcomes.decide(folder, *stage, criteria(settings, folder.options), choice)
    refused(run("fit", folder.base, "-l", "fin_Latn", "--kept"), "'curate'")
    parts = {"extract": stage[0].fingerprint}
    stages.finish(folder, stages.Stage("curate", parts, tables, {}))
    kept = {
        row["doc_id"]
        for file in tables["decisions"]
        for row in pq.read_table(folder.path(file.path)).to_pylist()
        if row["reason"] is None and row["lang"] == "fin_Latn"
    }
    assert fitted(folder.base, "--kept")["documents"] == len(kept)
    stages.finish(folder, stages.Stage("curate", {"extract": "?"}, tables, {}))
    refused(run("fit", folder.base, "-l", "fin_Latn", "--kept"), "`corpusmill curate`")
    refused(run("fit", folder.base, "-l", "swe_Latn"), "no document in swe_Latn")


def test_the_table_says_the_same_and_that_the_corpus_is_small(tmp_path, corpus):
    path = written(tmp_path, "jsonl", corpus)
    text = unwrapped(run("fit", path, "-l", "fin_Latn").stdout)
    for fit in fitted(path)["fits"]:
        sign = ">=" if fit["side"] == "low" else "<="
        assert f"{fit['rule']} {sign} {fit['shipped']:g} {fit['kept_shipped']:.1%}" in text
    assert "Fewer than 200 documents" in text


def test_figures_of_a_corpus_serve_as_english(tmp_path, corpus):
    path, tsv = written(tmp_path, "jsonl", corpus), tmp_path / "english.tsv"
    result = run("fit", path, "-l", "eng_Latn", "--statistics", tsv)
    assert result.exit_code == 0
    found = fitted(path, "--english", tsv)
    for fit, side in zip(found["fits"], fitting.SIDES, strict=True):
        if fit["fitted"] is not None:  # the same corpus: English's own bounds come back
            assert fit["fitted"] == pytest.approx(max(0, side.english), abs=2e-3, rel=1e-4)


def test_what_cannot_be_fitted_is_told(tmp_path, corpus):
    def told(path, *parts, options=("-l", "fin_Latn")):
        refused(run("fit", path, *options), *parts)

    good = written(tmp_path / "good", "jsonl", corpus)
    told(tmp_path / "none", "no such file or folder")
    (tmp_path / "empty").mkdir()
    told(tmp_path / "empty", ".jsonl")
    (tmp_path / "a.doc").write_text("x")
    told(tmp_path / "a.doc", ".jsonl")
    for name, data, part in (
        ("a.jsonl", b'{"text": "x"}\n{"texts": 1}\n', "line 2"),
        ("b.jsonl", b"[1]\n", "line 1"),
        ("c.jsonl", b'{"text": "' + b"[" * 99, "line 1"),
        ("d.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 999)[:40], "cannot be read"),
        ("e.jsonl.zst", b"no frame", "cannot be read"),
        ("f.jsonl.xz", b"no stream", "cannot be read"),
        ("g.txt", b"\xff\xfe\xff", "UTF-8"),
        ("h.parquet", b"PAR1", "cannot be read"),
        ("i.txt", b" \n ", "no text"),
    ):
        (tmp_path / name).write_bytes(data)
        told(tmp_path / name, name, part)
    pq.write_table(pa.table({"text": [1]}), tmp_path / "j.parquet")
    told(tmp_path / "j.parquet", "'text'")
    told(good, "fin_Latn", options=("-l", "finnish"))
    told(good, "run", options=("-l", "fin_Latn", "--kept"))
    told(good, "no such file", options=("-l", "fin_Latn", "--english", tmp_path / "no.tsv"))
    (tmp_path / "odd.tsv").write_text("rule\n")
    told(good, "--statistics", options=("-l", "fin_Latn", "--english", tmp_path / "odd.tsv"))
    told(good, "cannot be written", options=("-l", "fin_Latn", "-o", tmp_path / "no" / "x.toml"))
    assert run("fit", good, "-l", "fin_Latn", "--method", "guess").exit_code == 2


def test_texts_are_cleaned_and_measured_as_extraction_does(corpus):
    odd = [f"\ufeff{text}\r\n\x00" for text in corpus] + ["", "\n"]
    found, expected = (
        measuring.measured_all(odd, "fin_Latn"),
        measuring.measured(corpus, "fin_Latn"),
    )
    for signal in SIGNALS:
        assert np.array_equal(found[signal.name], expected[signal.name])
        assert found[signal.name].dtype == signal.dtype
    assert len(measuring.measured_all([], "fin_Latn")["word_count"]) == 0
