"""``corpusmill compare`` as a user runs it, on random stored measurements; no JVM."""

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import stored_run
from test_jobs_cli import refused, run, unwrapped

from filters.rules import bound
from pipeline import comparing, config, parquet, stages
from pipeline.files import Folder

STRICT = '[rules.bounds."gopher.word_count"]\nlow = { "*" = 50, eng_Latn = 501 }\n'


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder of 500 documents, their rows, and a stricter configuration."""
    folder = Folder(str(tmp_path_factory.mktemp("stored") / "run [/1]"))
    rows = stored_run(folder, random.Random(5), sizes=(200, 300))
    strict = tmp_path_factory.mktemp("config") / "strict.toml"
    strict.write_text(STRICT)
    return folder, {row["doc_id"]: row for row in rows}, strict


def compared(stored, *options):
    folder, _, strict = stored
    result = run("compare", folder.base, "openeurollm", strict, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def fates(folder, settings):
    """(reason, language, words, tokens) of every document under a configuration."""
    found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    rows, (side,) = comparing.sides(folder, *found, [settings])
    sizes = (rows.sizes["word_count"].tolist(), rows.sizes["token_count"].tolist())
    langs = [rows.langs[code] for code in rows.lang.tolist()]
    return list(zip(map(side.name, side.reason.tolist()), langs, *sizes, strict=True))


def test_counts_are_those_of_both_decisions_side_by_side(stored):
    folder, _, strict = stored
    one, two = fates(folder, config.load()), fates(folder, config.load(None, str(strict)))
    expected, kept = Counter(), Counter()
    for (before, lang, words, tokens), (after, *_) in zip(one, two, strict=True):
        for name, inside in {
            "a": before == "kept", "b": after == "kept",
            "gained": before != "kept" == after, "lost": before == "kept" != after,
        }.items():  # fmt: skip
            kept[lang, name] += np.array([1, words, tokens]) * inside
        if before != after:
            expected[lang, before, after] += np.array([1, words, tokens])
    found = compared(stored)
    measures = ("documents", "words", "tokens")
    assert {
        (c["lang"], c["from"], c["to"]): [c[m] for m in measures] for c in found["by_language"]
    } == {key: counts.tolist() for key, counts in expected.items()}
    assert {
        (row["lang"], name): [row[name][m] for m in measures]
        for row in found["languages"]
        for name in ("a", "b", "gained", "lost")
    } == {key: np.broadcast_to(counts, 3).tolist() for key, counts in kept.items()}
    assert {"gopher.word_count"} <= {c["to"] for c in found["changes"]}
    for change in found["changes"]:
        own = [
            c
            for c in found["by_language"]
            if (c["from"], c["to"]) == (change["from"], change["to"])
        ]
        assert [change[m] for m in measures] == [sum(c[m] for c in own) for m in measures]


def test_a_copy_takes_the_place_of_one_that_a_stricter_rule_rejects(stored):
    moves = {(c["from"], c["to"]) for c in compared(stored)["changes"]}
    folder, _, strict = stored
    result = run("compare", folder.base, strict, "openeurollm", "--json")
    back = {(c["to"], c["from"]) for c in json.loads(result.stdout)["changes"]}
    assert moves == back
    assert ("kept", "gopher.word_count") in moves


def test_examples_are_the_smallest_ids_with_link_value_bound_and_masked_opening(stored):
    _, rows, strict = stored
    rules = {
        side: {rule.name: rule for rule in settings.rules.table()}
        for side, settings in (("a", config.load()), ("b", config.load(None, str(strict))))
    }
    found = compared(stored, "--examples", 3)
    for change in found["changes"]:
        ids = [e["doc_id"] for e in change["examples"]]
        assert len(ids) == min(3, change["documents"])
        assert ids == sorted(ids)
        for example in change["examples"]:
            row = rows[example["doc_id"]]
            assert (example["url"], example["lang"]) == (row["url"], row["lang"])
            assert ("<EMAIL>" in example["opening"]) == bool(row["pii"])
            assert len(example["opening"].split()) == comparing.OPENING_WORDS + 1
            for side, reason in (("a", change["from"]), ("b", change["to"])):
                assert (side in example) == (reason != "kept")
                why = example.get(side)
                if why and reason in rules[side]:
                    rule = rules[side][reason]
                    value = row[rule.signal]
                    assert why["value"] == (None if value is None else np.float32(value))
                    assert why.get("low", bound(rule.low, row["lang"])) == bound(
                        rule.low, row["lang"]
                    )
                elif why:
                    assert why["kept_doc_id"] in rows
    assert compared(stored, "--examples", 3) == found
    (rejected,) = [
        c for c in found["changes"] if (c["from"], c["to"]) == ("kept", "gopher.word_count")
    ]
    assert all(e["b"]["value"] < e["b"]["low"] == 501 for e in rejected["examples"])


def test_one_language(stored):
    found = compared(stored, "--lang", "eng_Latn", "--examples", 1)
    assert {row["lang"] for row in found["languages"]} == {"eng_Latn"}
    assert {c["lang"] for c in found["by_language"]} == {"eng_Latn"}
    assert {e["lang"] for c in found["changes"] for e in c["examples"]} == {"eng_Latn"}
    finnish = compared(stored, "--lang", "fin_Latn")["by_language"]
    assert not any(c["to"] == "gopher.word_count" for c in finnish)


def test_the_table_says_the_same(stored):
    folder, _, strict = stored
    shown = run("compare", folder.base, "openeurollm", strict, "--examples", 1)
    assert shown.exit_code == 0
    text = unwrapped(shown.stdout)
    for change in compared(stored)["by_language"]:
        if "kept" in (change["from"], change["to"]):
            numbers = " ".join(f"{change[m]:,}" for m in ("documents", "words", "tokens"))
            assert f"{change['lang']} {change['from']} {change['to']} {numbers}" in text
    assert "gopher.word_count, word_count 500 < 501" in text


def test_the_same_twice_changes_nothing(stored):
    folder = stored[0]
    shown = run("compare", folder.base, "hplt", "hplt", "--examples", 2)
    assert shown.exit_code == 0
    assert "Every document has the same fate under both." in shown.stdout
    assert json.loads(run("compare", folder.base, "hplt", "hplt", "--json").stdout)["changes"] == []


def test_infinite_bounds_are_still_json(tmp_path):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(1), sizes=(9,), langs=("und_Zyyy",))
    own = tmp_path / "all.toml"
    own.write_text('[rules]\nwithout = ["language.undetermined"]\n')
    result = run("compare", tmp_path, own, "openeurollm", "--json", "--examples", 1)

    def refuse(name):
        raise AssertionError(name)

    found = json.loads(result.stdout, parse_constant=refuse)
    assert {e["b"]["low"] for c in found["changes"] for e in c["examples"]} == {"inf"}


def test_a_hostile_page_gets_no_command_of_the_terminal(tmp_path):
    evil = "\x1b]0;owned\x07 \x1b[31m \u202egnp.exe \u2066 \x9b [/bold][red] " + "x" * 500
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(2), sizes=(30,), url=f"https://e.example/{evil}", text=evil)
    shown = run("compare", tmp_path, "openeurollm", "hplt", "--examples", 2)
    assert shown.exit_code == 0, shown.output
    assert "[/bold][red]" in shown.output
    for character in shown.output:
        assert character == "\n" or character.isprintable(), repr(character)


def test_what_cannot_be_compared_is_told(stored, tmp_path):
    folder, _, strict = stored
    refused(run("compare", tmp_path / "none", "hplt", "fineweb"), "`corpusmill extract`")
    refused(run("compare", folder.base, "hplt", "hplt9"), "hplt9", "openeurollm", "neither")
    refused(run("compare", folder.base, "hplt", tmp_path / "no.toml"), "no such configuration")
    refused(
        run("compare", folder.base, "hplt", strict, "--lang", "xxx_Latn"), "xxx_Latn", "fin_Latn"
    )
    assert run("compare", folder.base, "hplt").exit_code == 2
    assert not (tmp_path / "none").exists()


def test_documents_of_an_older_version_are_told_with_the_column(stored, tmp_path, monkeypatch):
    folder = stored[0]
    whole = parquet.metadata

    class Older:
        def __init__(self, found):
            self.schema = self
            self.names = [n for n in found.schema.to_arrow_schema().names if n != "hash_ratio"]

        def to_arrow_schema(self):
            return self

    monkeypatch.setattr(parquet, "metadata", lambda *file: Older(whole(*file)))
    refused(
        run("compare", folder.base, "openeurollm", "hplt"),
        "'hash_ratio'", "gopher.hash_ratio", "`corpusmill extract`",
    )  # fmt: skip


def test_it_starts_no_spark(stored):
    folder, _, strict = stored
    code = (
        "import sys; from jobs.cli import app\n"
        f"app(['compare', {folder.base!r}, 'hplt', {str(strict)!r}], standalone_mode=False)\n"
        "assert 'pyspark' not in sys.modules, 'pyspark'"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
