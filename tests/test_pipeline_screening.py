"""What the screen leaves out is what the whole way would not keep, and each page has its row."""

import gzip
import random

import pyarrow as pa
import pytest
from conftest import response_record
from test_jobs_cli import run

from jobs import mill
from language_id.models import GOLDEN
from pipeline import config, extraction, models, screening, stats
from pipeline.config import Config
from pipeline.criteria import criteria
from pipeline.errors import ConfigError
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.judging import judgement
from pipeline.parquet import batches
from pipeline.sandbox import Outcome

TEXTS = {lang: sentence for sentence, lang, _ in GOLDEN}
LISTED = "https://hotels.example.com/lobby"
OPTIONS = extraction.storage_options(Config())


def page(lang, mark=0, head=""):
    """A page in a language; another ``mark``, other bytes."""
    body = f"<p>{TEXTS[lang]} {TEXTS[lang]}</p>" * 3
    return f"<html><head>{head}</head><body>{body}<p>{mark}</p></body></html>".encode()


def settings(tmp_path, **screen):
    """The rules on addresses alone, one host on a list."""
    listed = tmp_path / "listed.txt"
    listed.write_text("hotels.example.com\n")
    words = ["url.hard_words", "url.soft_words", "url.robots", "rights.tdm_reservation",
             "rights.noai"]  # fmt: skip
    path = tmp_path / "config.toml"
    path.write_text(
        f"[rules]\norder = {[*words, 'url.gambling']}\n".replace("'", '"')
        + f'[[urls.lists]]\npath = "{listed}"\ncategory = "gambling"\n'
    )
    loaded = config.load(None, str(path))
    return Config.model_validate(loaded.model_dump() | {"screen": screen})


def extracted(tmp_path, records, chosen, name):
    """Documents by id, ledger rows by offset, and the documents as a batch."""
    archive = tmp_path / "pages.warc.gz"
    archive.write_bytes(b"".join(records))
    folder = Folder(str(tmp_path / name))
    size = archive.stat().st_size
    task = Range(str(archive), archive.name, size, "", 0, size)
    judge = screening.addresses(chosen, OPTIONS)
    commit = extraction.extract(task, chosen, folder, "commits", judge)
    tables = {
        table: pa.Table.from_batches(list(batches(folder, commit.files[table].path)))
        for table in ("documents", "ledger")
        if commit.files[table].rows
    }
    return tables["documents"], tables["ledger"].to_pylist(), commit


def test_nothing_is_left_out_unless_asked_for(tmp_path):
    records = [response_record(LISTED, page("fin_Latn"))] * 2
    documents, ledger, _ = extracted(tmp_path, records, settings(tmp_path), "out")
    assert len(documents) == 2
    assert [row["reason"] for row in ledger] == [None, None]


@pytest.fixture(scope="module")
def drawn():
    """Pages of every kind in any order; the same for every test."""
    draw = random.Random(8)
    hosts = ["hotels.example.com", "a.example.org", "b.example.org", "example.net", "10.0.0.1"]
    heads = ["", "", "", '<meta name="tdm-reservation" content="1">']
    records = []
    for number in range(160):
        path = draw.choice(["/", "/x", "/free-casino-porn", f"/{number}"])
        headers = {"X-Robots-Tag": "noai"} if draw.random() < 0.1 else {}
        body = page(draw.choice(["fin_Latn", "mlt_Latn", "eng_Latn"]), draw.randrange(3),
                    draw.choice(heads))  # fmt: skip
        records.append(response_record(f"http://{draw.choice(hosts)}{path}", body, **headers))
    return records


def test_what_is_left_out_is_what_the_whole_way_would_not_keep(tmp_path, drawn):
    whole = settings(tmp_path)
    full, _, _ = extracted(tmp_path, drawn, whole, "full")
    screened = settings(tmp_path, addresses=True, payloads="range", languages=["mt", "fin_Latn"])
    short, ledger, _ = extracted(tmp_path, drawn, screened, "short")
    every = {row["doc_id"]: row for row in full.to_pylist()}
    staying = {row["doc_id"]: row for row in short.to_pylist()}
    batch = full.combine_chunks().to_batches()[0]
    judged = judgement(batch, criteria(whole, OPTIONS))
    passing = dict(zip(full["doc_id"].to_pylist(), judged.first < 0, strict=True))
    places = {row["warc_offset"]: row for row in full.to_pylist()}
    for doc_id, row in staying.items():
        assert row == every[doc_id]
    counted = dict.fromkeys(("blocked_address", "same_payload", "other_language"), 0)
    for row in ledger:
        gone = places[row["warc_offset"]]
        if row["fate"] == "extracted":
            assert row["doc_id"] in staying
            assert row["lang"] is None
            continue
        counted[row["reason"]] += 1
        assert row["doc_id"] is None
        objects = any(gone[name] for name in gone if name.startswith("optout_"))
        if row["reason"] == "blocked_address":
            assert not passing[gone["doc_id"]]
            assert row["notes"] == [r for r in row["notes"] if r.startswith("url.")] != []
            assert not objects
        elif row["reason"] == "same_payload":
            twin = every[row["notes"][-1].removeprefix("same_as:")]
            same = ("text", "domain", "rights", "text_hash", "html_lang")
            assert all(twin[name] == gone[name] for name in same)
            assert twin["warc_offset"] < gone["warc_offset"]
            assert passing[twin["doc_id"]] or not passing[gone["doc_id"]]
        else:
            assert row["lang"] == gone["lang"] == "eng_Latn"
    assert min(counted.values()) > 5, counted
    assert len(staying) + sum(counted.values()) == len(drawn)
    # none whose owner objects went for its address, and none that passes without a copy
    texts = {row["text_hash"] for row in staying.values()}
    lost = [d for d, row in every.items() if passing[d] and row["text_hash"] not in texts]
    assert {every[d]["lang"] for d in lost} <= {"eng_Latn"}


def test_the_screen_is_the_same_whatever_the_batches(tmp_path, drawn, monkeypatch):
    screened = settings(tmp_path, addresses=True, payloads="range")
    one = extracted(tmp_path, drawn, screened, "one")
    monkeypatch.setattr(extraction, "BATCH_PAGES", 7)
    many = extracted(tmp_path, drawn, screened, "many")
    assert one[0].to_pylist() == many[0].to_pylist()
    assert one[1] == many[1]


def test_a_truncated_page_is_no_twin(tmp_path):
    """Its rest may differ."""
    whole = gzip.decompress(response_record("http://example.org/", page("fin_Latn")))
    cut = whole.replace(b"WARC-Date", b"WARC-Truncated: length\r\nWARC-Date", 1)
    records = [gzip.compress(cut)] * 2
    documents, ledger, _ = extracted(tmp_path, records, settings(tmp_path, payloads="range"), "out")
    assert documents["truncated"].null_count == 0
    assert len(documents) == 2, ledger


def test_a_page_that_fails_when_it_is_measured_has_its_row(tmp_path, monkeypatch):
    """Its text was read; what kills the child then costs this page."""
    chosen = settings(tmp_path, languages=["fin"])
    child = extraction.sandbox(chosen.text)

    class Failing:
        def run(self, header, body):
            if header["kind"] == "personal":
                return Outcome(None, "timeout")
            return child.run(header, body)

    monkeypatch.setattr(extraction, "sandbox", lambda _text: Failing())
    records = [response_record("http://example.org/", page("fin_Latn"))]
    archive = tmp_path / "one.warc.gz"
    archive.write_bytes(records[0])
    task = Range(str(archive), archive.name, len(records[0]), "", 0, len(records[0]))
    commit = extraction.extract(task, chosen, Folder(str(tmp_path / "out")), "commits")
    assert commit.counts == {"failed:timeout": 1}
    assert commit.files["quarantine"].rows == 1


def test_languages_are_read_in_any_code_and_refused_where_there_are_none():
    chosen = config.Screen(languages=("mt", "nb-NO", "mlt_Latn"))
    assert chosen.languages == ("mlt_Latn", "nob_Latn")
    with pytest.raises(ValueError, match="no such language: Klingonish"):
        config.Screen(languages=("Klingonish",))
    models.model_checksums(Config(screen=chosen))
    with pytest.raises(ConfigError, match=r"lid\.176 knows no aai_Latn"):
        models.model_checksums(Config(screen=config.Screen(languages=("aai_Latn",))))


def test_fetches_and_payloads_exclude_each_other(tmp_path):
    path = tmp_path / "both.toml"
    path.write_text('[screen]\npayloads = "range"\n[duplicates]\nnewest_per_url = true\n')
    with pytest.raises(ConfigError, match="choose one"):
        config.load(None, str(path))


def test_without_a_rule_on_addresses_the_user_is_told(caplog):
    chosen = config.load("fineweb2").model_dump() | {"screen": {"addresses": True}}
    chosen["rules"]["order"] = [name for name in chosen["rules"]["order"] if "url." not in name]
    assert screening.addresses(Config.model_validate(chosen), OPTIONS) is None
    assert "none is left out" in caplog.text


@pytest.mark.spark
def test_the_funnel_counts_what_was_left_out_by_language(spark, tmp_path, drawn):
    archive = tmp_path / "pages.warc.gz"
    archive.write_bytes(b"".join(drawn))
    chosen = settings(tmp_path, addresses=True, payloads="range", languages=["mlt", "fin"])
    folder = Folder(str(tmp_path / "out"))
    mill.run(spark, chosen, folder, [str(archive)])
    rows = [row for batch in batches(folder, "stats/funnel.parquet") for row in batch.to_pylist()]
    left = {row["reason"]: row["lang"] for row in rows if row["reason"].startswith("skipped.")}
    assert left == {
        "skipped.blocked_address": None,
        "skipped.same_payload": None,
        "skipped.other_language": "eng_Latn",
    }
    assert stats.total(rows, stage="read") == len(drawn)
    verified = run("verify", tmp_path / "out")
    assert verified.exit_code == 0, verified.output
