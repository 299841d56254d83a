"""The command line as a user meets it: exit codes, messages, and what the verbs print."""

import fcntl
import gzip
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import response_record
from typer.testing import CliRunner

from filters.signals import SIGNALS
from jobs.cli import app
from pipeline import config, manifest, parquet, stages
from pipeline.files import Folder

ROOT = Path(__file__).parent.parent
WORLD = ROOT / "samples" / "archives" / "world.warc.zst"
WEST = ROOT / "samples" / "archives" / "west.warc.gz"
VERBS = (
    "mill", "extract", "deduplicate", "curate", "compare", "fit", "stats", "verify", "explain",
    "lists", "bands", "compile", "config",
)  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def unwrapped(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def refused(result, *parts):
    """The run could not start: exit code 2, its reason in one line, and nothing of its insides."""
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.startswith("cannot ")]
    assert len(lines) == 1, result.output
    for part in parts:
        assert part in result.stderr
    assert "Traceback" not in result.output


# ---------------------------------------------------------------- what cannot start (no JVM)
def test_an_unknown_preset_is_told_with_those_there_are(tmp_path):
    result = run("mill", WORLD, "--output", tmp_path / "out", "--preset", "fineweb3")
    refused(result, "'fineweb3'", "openeurollm", "fineweb2", "hplt")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("[text]\nengin = 'trafilatura'\n", "text.engin: no such key"),
        ("[text]\nengine = 'lynx'\n", "text.engine"),
        ("[rules]\nwithout = ['gopher.nothing']\n", "gopher.nothing"),
        ("[rules.bounds.'no.rule']\nlow = 1\n", "no.rule"),
        ("[duplicates]\nkeep_order = ['newest']\n", "passes"),
        ("[duplicates]\nscope = 'dump'\n", "duplicates.scope"),
        ("[duplicates]\nrights = 'none'\n", "duplicates.rights"),
        ("[input]\nrange_mib = 0\n", "input.range_mib"),
        ("preset = 'none'\n", "'none'"),
        ("[input\n", "not TOML"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_bad_configuration_is_told_by_its_key(tmp_path, toml, told):
    file = tmp_path / "mine.toml"
    file.write_bytes(toml.encode("latin-1"))
    for verb in (["mill", WORLD, "--output", tmp_path / "o"], ["config"], ["explain", WORLD]):
        refused(run(*verb, "--config", file), told)


def test_a_missing_configuration_file_is_named_even_if_its_name_looks_like_markup(tmp_path):
    name = f"{tmp_path}/[/red] none.toml"
    refused(run("config", "--config", name), name, "no such configuration file")


def test_a_model_that_is_not_there_is_told(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(f"[language]\nmodel='own'\npath='{tmp_path}/no.bin'\nsha256='{'0' * 64}'\n")
    refused(run("explain", WORLD, "--config", file), "no.bin")
    file.write_text("[language]\nmodel = 'own'\n")
    refused(run("explain", WORLD, "--config", file), "language.path")
    file.write_text("[text]\ntokenizer = 'none'\n")
    refused(run("explain", WORLD, "--config", file), "text.tokenizer")


@pytest.mark.parametrize("output", ["file/below", "file", "https://host/x", "gs://bucket/x"])
def test_an_output_that_cannot_be_written_is_told(tmp_path, output):
    (tmp_path / "file").touch()
    where = output if "://" in output else tmp_path / output
    refused(run("mill", WORLD, "--output", where), str(where))


def test_an_output_another_run_writes_to_is_told(tmp_path):
    with (tmp_path / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused(run("mill", WORLD, "--output", tmp_path), "another run is writing here")
        refused(run("curate", tmp_path), "another run is writing here")


@pytest.mark.parametrize("verb", ["stats", "verify"])
@pytest.mark.parametrize("there", [True, False])
def test_readers_of_an_empty_folder_say_what_makes_it(tmp_path, verb, there):
    folder = tmp_path / "[bold]empty"
    if there:
        folder.mkdir()
    refused(run(verb, folder), str(folder), "`corpusmill mill`")
    assert folder.exists() == there


def test_what_bands_and_older_corpora_cannot_be_is_told(tmp_path):
    refused(run("deduplicate", tmp_path / "run", "--symmetric"), "--symmetric needs --against")
    refused(run("bands", "export", tmp_path / "none", tmp_path / "out"), "none", "deduplicate")
    assert not (tmp_path / "out").exists()


def test_arguments_that_are_missing_or_unknown_are_told_by_the_parser(tmp_path):
    for arguments in (["mill", WORLD], ["mill", "--output", tmp_path], ["grind"], ["stats"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


# ------------------------------------------------------------------------------ help, configuration
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_by_example(verb):
    for flag in ("--help", "-h"):
        result = run(verb, flag)
        assert result.exit_code == 0
        assert "Example" in result.output
        assert re.search(rf"corpusmill {verb} \S+", unwrapped(result.output))


def test_there_are_no_other_verbs_and_the_samples_in_examples_exist():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert commands | {group.name for group in app.registered_groups} == {*VERBS}
    for command in app.registered_commands:
        for path in re.findall(r"samples/[\w./]+", command.epilog):
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("preset", [*config.presets(), None])
def test_the_printed_configuration_loads_back_to_the_same(tmp_path, preset):
    result = run("config", *(["--preset", preset] if preset else []))
    assert result.exit_code == 0
    file = tmp_path / "mine.toml"
    file.write_text(result.stdout)
    assert config.load(path=str(file)) == config.load(preset)
    assert run("config", "--config", file).stdout == result.stdout


def test_a_changed_key_is_in_what_config_prints(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("preset='hplt'\n[rules.bounds.'gopher.word_count']\nlow={'*'=50, mlt_Latn=30}")
    printed = tomllib.loads(run("config", "--config", file).stdout)
    assert printed["preset"] == "hplt"
    assert printed["rules"]["bounds"]["gopher.word_count"]["low"] == {"*": 50, "mlt_Latn": 30}


# ---------------------------------------------------------------------------- explain (no JVM)
def listed(archive):
    result = run("explain", archive)
    assert result.exit_code == 0
    return [line.split(maxsplit=3) for line in result.output.splitlines()]


def test_explain_lists_every_record_of_an_archive():
    rows = listed(WEST)
    with gzip.open(WEST) as file:
        assert len(rows) == len(re.findall(rb"^WARC/1\.[01]\r$", file.read(), re.MULTILINE))
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows)
    assert {row[1] for row in rows} <= {"extracted", "skipped", "failed"}


@pytest.mark.parametrize("by", ["url", "offset"])
def test_explain_shows_every_signal_beside_its_bounds_and_the_fate(by):
    offset, url = next((row[0], row[3]) for row in listed(WEST) if row[1] == "extracted")
    result = run("explain", WEST, f"--{by}", {"url": url, "offset": offset}[by])
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    shown = {line[0]: line[1:] for line in lines if line}
    for signal in SIGNALS:
        float(shown[signal.name][0])
    for rule in config.load().rules.table():
        (line,) = [line for line in lines if rule.name in line]
        assert line[0] == rule.signal
        assert ".." in line
        assert line[-1] == "passes"
    assert shown["url"] == [url]
    assert ["passes"] in lines
    assert "eng_Latn" in result.output


def test_explain_on_a_narrow_terminal_cuts_nothing(monkeypatch):
    from rich.console import Console

    from jobs import cli

    monkeypatch.setattr(cli, "out", Console(width=60))
    offset = next(row[0] for row in listed(WEST) if row[1] == "extracted")
    result = run("explain", WEST, "--offset", offset)
    table = result.output[result.output.index("Signals and rules") :]
    assert "…" not in table


def test_explain_names_the_rule_that_rejects_and_why_a_record_is_skipped(tmp_path):
    strict = tmp_path / "strict.toml"
    strict.write_text("[rules.bounds.'gopher.word_count']\nlow = 90000\n")
    offset = next(row[0] for row in listed(WEST) if row[1] == "extracted")
    result = run("explain", WEST, "--offset", offset, "--config", strict)
    (line,) = [line for line in result.output.splitlines() if "gopher.word_count  " in line]
    assert "90000 .." in unwrapped(line)
    assert line.split()[-1] == "rejects"
    assert "rejected by gopher.word_count" in result.output
    skipped = next(row for row in listed(WEST) if row[1] == "skipped")
    shown = run("explain", WEST, "--offset", skipped[0])
    assert shown.output.splitlines()[-1] == f"skipped by {skipped[2]}"


def test_explain_counts_what_line_edits_remove(tmp_path):
    numbers = ("one", "two", "three", "four", "five", "six")
    prose = "".join(
        f"<p>The mill has stood by the river for more than {n} hundred years now.[1]</p>"
        for n in numbers
    )
    loud = "".join(f"<p>COME AND SEE THE OLD MILL NUMBER {n.upper()} TODAY</p>" for n in numbers)
    page = f"<html><body><article>{prose}{loud}</article></body></html>"
    archive, own = tmp_path / "page.warc.gz", tmp_path / "own.toml"
    archive.write_bytes(response_record("https://mill.example/", page.encode()))
    result = run("explain", archive, "--offset", 0)
    assert "edits would remove: refinedweb.upper_case 6" in result.output
    own.write_text('[edits]\nsteps = ["c4"]\n')
    result = run("explain", archive, "--offset", 0, "--config", own)
    assert "removed by edits: c4.citation 6" in result.output
    assert "refinedweb.upper_case" not in result.output
    only_loud = f"<html><body><article>{loud}</article></body></html>"
    archive.write_bytes(response_record("https://mill.example/", only_loud.encode()))
    own.write_text('[edits]\nsteps = ["refinedweb"]\n[rules]\norder = []\n')
    result = run("explain", archive, "--offset", 0, "--config", own)
    assert "rejected by edits.nothing_left" in result.output


def test_explain_knows_what_is_not_there(tmp_path):
    for asked in (["--url", "https://nowhere.example/[/b]"], ["--offset", "1"]):
        result = run("explain", WEST, *asked)
        assert result.exit_code == 1
        assert f"{WEST}: no record" in result.stderr
        assert asked[1] in result.stderr
    refused(run("explain", tmp_path / "none.warc.gz"), "none.warc.gz")
    refused(run("explain", tmp_path), str(tmp_path))
    (tmp_path / "empty.warc.gz").touch()
    refused(run("explain", tmp_path / "empty.warc.gz"), "empty.warc.gz")


def test_explain_gives_a_hostile_page_no_command_of_the_terminal(tmp_path):
    evil = "\x1b]0;owned\x07\x1b[31m\u202egnp.exe\u2066\x9b[/bold][red]"
    page = (
        f"<html><head><title>Evil {evil} title</title>"
        f'<meta name="robots" content="noai, [/dim] {evil}"></head><body><article>'
        + f"<p>Words that the page says, with {evil} among them, as pages may say.</p>" * 9
        + "</article></body></html>"
    )
    archive = tmp_path / "evil.warc.gz"
    url = "https://evil.example/\x1b[2J\u202e[/x]"
    archive.write_bytes(
        response_record(url, page.encode(), **{"X-Robots-Tag": "[/dim] \x1b[2J noai"})
    )
    for result in (run("explain", archive), run("explain", archive, "--offset", "0")):
        assert result.exit_code == 0, result.output
        for character in result.output:
            assert character == "\n" or character.isprintable(), repr(character)
        assert "[/x]" in result.output
    assert "[/dim]" in result.output


# ---------------------------------------------------------------------------------- with Spark
@pytest.fixture(scope="module")
def milled(spark, tmp_path_factory):
    """The sample world.warc.zst through ``corpusmill mill``: the folder and what was printed."""
    folder = tmp_path_factory.mktemp("cli") / "out [/put]"
    result = run("mill", WORLD, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder, result


@pytest.mark.spark
def test_mill_prints_the_funnel_and_what_to_do_next(milled):
    folder, result = milled
    assert f"Next:   corpusmill verify {folder}\n" in result.stdout
    assert re.search(r"kept +5 +83\.3%", result.stdout)
    assert "cmn_Hani" in result.stdout


@pytest.mark.spark
def test_stats_in_json_are_the_published_funnel(milled):
    folder, _ = milled
    result = run("stats", folder, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == pq.read_table(folder / "stats/funnel.parquet").to_pylist()
    assert run("stats", folder).exit_code == 0


@pytest.mark.spark
def test_stats_of_one_language(milled):
    folder, _ = milled
    rows = json.loads(run("stats", folder, "--lang", "tha_Thai", "--json").stdout)
    assert rows
    assert {row["lang"] for row in rows} == {"tha_Thai"}
    shown = run("stats", folder, "--lang", "tha_Thai").stdout
    assert "tha_Thai" in shown
    assert "jpn_Jpan" not in shown


@pytest.mark.spark
def test_verify_says_that_it_adds_up_and_what_does_not(milled, tmp_path):
    folder, _ = milled
    sound = run("verify", folder)
    assert (sound.exit_code, sound.stdout) == (0, f"{folder}: adds up\n")
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    shard = min(broken.glob("corpus/*/*.parquet"))
    shard.unlink()
    result = run("verify", broken)
    assert result.exit_code == 1
    assert str(shard.relative_to(broken)) in result.stderr
    (first, *_) = json.loads(run("verify", broken, "--json").stdout)
    assert first["check"] == "files"


@pytest.mark.spark
def test_the_verbs_one_by_one_make_what_mill_makes(milled, tmp_path):
    for verb in (["extract", WORLD, "--output"], ["deduplicate"], ["curate"]):
        result = run(*verb, tmp_path)
        assert result.exit_code == 0, result.output
    made = Folder(str(tmp_path))
    assert manifest.read(made) == manifest.read(Folder(str(milled[0])))


@pytest.mark.spark
def test_a_dry_run_prints_the_funnel_and_publishes_nothing(milled, tmp_path):
    folder = tmp_path / "dry"
    shutil.copytree(milled[0], folder)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    shown = run("curate", folder, "--preset", "hplt", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "Nothing was written" in shown.stdout
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    done = run("curate", folder, "--preset", "hplt")
    funnel = done.stdout[: done.stdout.index("Masked in the corpus")]
    assert shown.stdout.startswith(funnel)


def test_a_dry_run_without_documents_says_what_makes_them(tmp_path):
    refused(run("curate", tmp_path / "none", "--dry-run"), "`corpusmill extract`")
    assert not (tmp_path / "none").exists()


@pytest.mark.spark
def test_stages_without_what_they_stand_on_say_what_makes_it(spark, tmp_path):
    refused(run("curate", tmp_path), "`corpusmill extract`")
    refused(run("deduplicate", tmp_path), "`corpusmill extract`")


@pytest.mark.spark
def test_inputs_of_which_none_can_be_read_are_told(spark, tmp_path):
    empty = tmp_path / "in"
    empty.mkdir()
    (empty / "notes.txt").write_text("no archive")
    out = tmp_path / "out"
    refused(run("mill", empty, "--output", out), f"{empty} (missing)")
    refused(run("mill", tmp_path / "none*.warc", "--output", out), "none*.warc (missing)")
    refused(run("extract", tmp_path / "a.warc", tmp_path / "b.warc", "-o", out), "b.warc (missing)")
    refused(run("mill", "ftp://host/x.warc.gz", "-o", out), "unsupported_scheme")
    assert not (out / "MANIFEST.json").exists()


@pytest.mark.spark
def test_damaged_inputs_are_named_and_the_others_are_milled(spark, tmp_path):
    """Missing, empty, no archive, cut off: exit code 3, each named; 0 where the user allows it."""
    (tmp_path / "empty.warc.gz").touch()
    (tmp_path / "notes.warc.gz").write_text("These are my notes. " * 100)
    pages = [
        response_record(f"https://a.example/{i}", b"<p>Some words.</p>" * 20) for i in range(3)
    ]
    (tmp_path / "cut.warc.gz").write_bytes(b"".join(pages)[:-30])
    names = {
        "none.warc.gz": "missing", "empty.warc.gz": "empty_file",
        "notes.warc.gz": "not_an_archive", "cut.warc.gz": "truncated_member",
    }  # fmt: skip
    asked = [WORLD, *(tmp_path / name for name in names)]
    out = tmp_path / "out"
    result = run("mill", *asked, "--output", out)
    assert result.exit_code == 3, result.output
    for name, reason in names.items():
        assert f"damaged input: {name}: {reason}\n" in result.stderr
    assert "Traceback" not in result.output
    folder = Folder(str(out))
    rows = [
        row
        for file in stages.required(folder, "extract").files["ledger"]
        for batch in parquet.batches(folder, file.path)
        for row in batch.to_pylist()
    ]
    found = {(row["warc_file"], r) for row in rows for r in (row["reason"], *row["notes"])}
    assert set(names.items()) <= found
    assert sum(row["fate"] == "extracted" for row in rows if row["warc_file"] == WORLD.name) == 5
    assert run("verify", out).exit_code == 0
    allowed = tmp_path / "allowed.toml"
    allowed.write_text("[input]\nfail_on_damage = false\n")
    again = run("mill", *asked, "--output", out, "--config", allowed)
    assert again.exit_code == 0, again.output
    assert "damaged input: cut.warc.gz" in again.stderr


@pytest.mark.spark
def test_spark_submit_makes_the_same_corpus(milled, tmp_path):
    command = [
        str(Path(sys.executable).parent / "spark-submit"), "--master", "local[1]",
        "jobs/mill.py", str(WORLD), "--output", str(tmp_path / "out"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    made = manifest.read(Folder(str(tmp_path / "out")))
    assert made == manifest.read(Folder(str(milled[0])))
