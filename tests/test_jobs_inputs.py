"""The whole job over every kind of input: S3, the web, ranges, damaged files, secrets in pages."""

import functools
import gzip
import hashlib
import http.server
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import pyarrow.parquet as pq
import pytest
from conftest import response_record
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from jobs.cli import app
from pipeline import config, manifest, parquet, stages
from pipeline.archives import records
from pipeline.extraction import storage_options
from pipeline.files import Folder
from pipeline.storage import open_source

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples" / "archives"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_EC2_METADATA_DISABLED": "true",
    "no_proxy": "127.0.0.1",
}

EMAIL = "zyxquor.canary@wobblemail.com"
PHONE = "+44 20 7183 8750"
WORD = "Zyxquorvane"
STORY = f"""
The old mill by the river had been empty for as long as anyone in the village could remember.
In the spring of that year a young couple bought it, and they began to repair the wheel.
The work took them the whole summer, because the wood was rotten and the stones were cracked.
People came from the farms around to see what they were doing, and most of them brought bread.
On the first Sunday of October the wheel turned again, and the children cheered from the bridge.
A baker from the next town asked whether she could have flour from it, and they said yes.
If you want to visit them, write to {EMAIL} or call {PHONE} before you set out.
The path along the river is easy to walk, but it is wet after rain, so bring good shoes.
In the evening they sit by the {WORD} fire and tell the story of the mill to whoever asks.
"""
URL = f"https://mill-story.example/{WORD}/visit?mail={EMAIL}"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def settings(folder, text):
    file = folder / "settings.toml"
    file.write_text(text)
    return file


def ledger(folder):
    files = stages.required(folder, "extract").files["ledger"]
    return [row for f in files for b in parquet.batches(folder, f.path) for row in b.to_pylist()]


def shards(folder):
    """What is published, apart from configuration and inputs."""
    found = manifest.read(folder)
    return {file["path"]: (file["rows"], file["sha256"]) for file in found["files"]}


def mixed_archive():
    """Some 4 MB of pages of words in any order, with pictures in between to fill the ranges."""
    dice = random.Random(7)
    words = re.findall(r"[a-z]+", STORY)
    members = []
    for i in range(160):
        text = ". ".join(" ".join(dice.choices(words, k=12)).capitalize() for _ in range(20))
        body = f"<html><title>{i}</title><article><p>{text}.</p></article></html>".encode()
        # Every tenth page twice, far apart: copies must find each other across ranges.
        members.append(response_record(f"https://{i % 7}.example/{i}", body))
        members.append(
            response_record(f"https://img.example/{i}", dice.randbytes(25_000), "image/png")
        )
    return b"".join(members + members[::20])


@pytest.fixture(scope="module", autouse=True)
def _environment(spark):
    """Credentials here and in the workers, which get Spark's environment, not ours."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
            patch.setitem(spark.sparkContext.environment, name, value)
        yield


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """A folder with a sample and an archive large enough to be cut into ranges."""
    folder = tmp_path_factory.mktemp("crawl")
    shutil.copy(SAMPLES / "world.warc.zst", folder)
    (folder / "mixed.warc.gz").write_bytes(mixed_archive())
    assert (folder / "mixed.warc.gz").stat().st_size > 3 << 20
    return folder


@pytest.fixture(scope="module")
def local(spark, crawl, tmp_path_factory):
    """The crawl milled from disk to disk, each archive in one piece."""
    out = tmp_path_factory.mktemp("local")
    result = run("mill", crawl, "--output", out)
    assert result.exit_code == 0, result.output
    return Folder(str(out))


# ------------------------------------------------------------------------------------- ranges
def test_ranges_side_by_side_give_the_same_shards(local, crawl, tmp_path):
    split = settings(tmp_path, "[input]\nrange_mib = 1\n")
    result = run("mill", crawl, "--output", tmp_path / "out", "--config", split)
    assert result.exit_code == 0, result.output
    folder = Folder(str(tmp_path / "out"))
    assert len(folder.list("commits")) >= 4  # the sample, and three ranges at least
    assert len(local.list("commits")) == 2
    whole, cut = manifest.read(local), manifest.read(folder)
    assert {key for key in whole if whole[key] != cut[key]} == {"config"}
    assert whole["config"]["input"].pop("range_mib") != cut["config"]["input"].pop("range_mib")
    assert whole["config"] == cut["config"]
    assert cut["rows"]["corpus"] >= 160
    reasons = pq.read_table(folder.path("removed"))["reason"].to_pylist()
    assert reasons.count("duplicate.exact") >= 8  # copies in different ranges
    key = lambda row: (row["warc_file"], row["warc_offset"], row["doc_id"] or "")  # noqa: E731
    assert sorted(ledger(folder), key=key) == sorted(ledger(local), key=key)


# ----------------------------------------------------------------------------------------- S3
@pytest.fixture(scope="module")
def s3(spark, crawl, tmp_path_factory):
    """A configuration that reaches a server with the crawl in s3://crawl/in/."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
    client.create_bucket(Bucket="crawl")
    for path in crawl.iterdir():
        client.put_object(Bucket="crawl", Key=f"in/{path.name}", Body=path.read_bytes())
    client.put_object(Bucket="crawl", Key="in/notes.txt", Body=b"no archive")
    yield settings(
        tmp_path_factory.mktemp("s3"),
        f"[input]\nendpoint_url = 'http://{host}:{port}'\nregion = 'us-east-1'\nretries = 2\n",
    )
    server.stop()


def test_from_s3_to_s3(s3, local, tmp_path):
    out = "s3://crawl/out"
    mill = ["mill", "s3://crawl/in/", "--output", out, "--config", s3]
    result = run(*mill)
    assert result.exit_code == 0, result.output
    folder = Folder(out, storage_options(config.load(path=str(s3))))
    assert shards(folder) == shards(local)
    assert [i["name"] for i in manifest.read(folder)["inputs"]] == [
        "mixed.warc.gz",
        "world.warc.zst",
    ]
    for path, (_, sha256) in shards(folder).items():
        assert hashlib.sha256(folder.read(path)).hexdigest() == sha256

    before = listed(folder)
    again = run(*mill)
    assert again.exit_code == 0, again.output
    assert listed(folder) == before

    assert run("verify", out, "--config", s3).stdout == f"{out}: adds up\n"
    rows = json.loads(run("stats", out, "--json", "--config", s3).stdout)
    assert rows == pq.read_table(local.path("stats/funnel.parquet")).to_pylist()
    one = run("explain", "s3://crawl/in/world.warc.zst", "--config", s3)
    assert (one.exit_code, len(one.stdout.splitlines())) == (0, 6)

    folder.delete(min(path for path in shards(folder) if path.startswith("corpus/")))
    assert run("verify", out, "--config", s3).exit_code == 1


def listed(folder):
    """Every object with its version, those of the lock and of folders aside."""
    options = folder.options
    client = boto3.client("s3", endpoint_url=options.endpoint_url, region_name=options.region)
    found = client.list_objects_v2(Bucket="crawl", Prefix="out/")["Contents"]
    keys = {i["Key"]: (i["ETag"], i["LastModified"]) for i in found if not i["Key"].endswith("/")}
    assert "out/MANIFEST.json" in keys
    return keys


def test_a_bucket_that_is_not_there_is_told(s3, crawl):
    for where in ("s3://nowhere/out", "s3://nowhere"):
        result = run("mill", crawl / "world.warc.zst", "--output", where, "--config", s3)
        assert result.exit_code == 2, result.output
        assert f"cannot start: {where}: " in result.stderr
    for verb in ("stats", "verify"):
        for where in ("s3://nowhere/out", "s3://crawl/nothing"):
            result = run(verb, where, "--config", s3)
            assert result.exit_code == 2, result.output
            assert f"cannot start: {where}" in result.stderr


# --------------------------------------------------------------------------------- web, path list
class Ranged(http.server.SimpleHTTPRequestHandler):
    """A file server that answers ranges, as object stores and web servers do."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(head=True)

    def do_GET(self):
        self.answer(head=False)

    def answer(self, *, head):
        path = Path(self.directory) / self.path.lstrip("/")
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = path.read_bytes()
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        low, high = 0, len(data) - 1
        if asked:
            low, high = int(asked[1]), min(int(asked[2] or high), high)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(high + 1 - low))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        if asked:
            self.send_header("Content-Range", f"bytes {low}-{high}/{len(data)}")
        self.end_headers()
        if not head:
            self.wfile.write(data[low : high + 1])


@pytest.fixture
def web(crawl):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Ranged, directory=str(crawl))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_a_path_list_over_http(web, local, tmp_path):
    paths = tmp_path / "warc.paths.gz"
    paths.write_bytes(gzip.compress(b"mixed.warc.gz\n\nworld.warc.zst\nmissing.warc.gz\n"))
    prefix = settings(tmp_path, f"[input]\npath_prefix = '{web}'\nretries = 2\nrange_mib = 2\n")
    out = tmp_path / "out"
    result = run("mill", paths, "--output", out, "--config", prefix)
    assert result.exit_code == 3, result.output
    assert "damaged input: missing.warc.gz: missing\n" in result.stderr
    folder = Folder(str(out))
    of_shards = {path: file for path, file in shards(local).items() if "stats/" not in path}
    assert {p: file for p, file in shards(folder).items() if "stats/" not in p} == of_shards
    inputs = {i["name"]: i["bytes"] for i in manifest.read(folder)["inputs"]}
    assert inputs == {
        "missing.warc.gz": 0,
        **{i["name"]: i["bytes"] for i in manifest.read(local)["inputs"]},
    }
    assert run("verify", out).exit_code == 0


# ------------------------------------------------------------------------------------ damaged input
def members(path):
    """The bytes of every gzip member of an archive."""
    source = open_source(str(path))
    rows = list(records(source))
    data = path.read_bytes()
    source.close()
    return [data[row.offset : row.offset + row.length] for row in rows]


def extracted_urls(name):
    lines = (ROOT / "samples" / "expected.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return sorted(row[1] for row in rows if row[0] == name and row[3] in ("kept", "rejected"))


def url_of(member):
    return re.search(rb"WARC-Target-URI: (\S+)", gzip.decompress(member))[1].decode()


@pytest.fixture(scope="module")
def damaged(spark, tmp_path_factory):
    """Sample archives damaged in every way, milled together; and where each damage is."""
    folder = tmp_path_factory.mktemp("damaged")
    crawl, out = folder / "in", folder / "out"
    crawl.mkdir()
    wanted, places = {}, {}

    middle = members(SAMPLES / "nordic.warc.gz")
    urls = extracted_urls("nordic.warc.gz")
    at = next(i for i, m in enumerate(middle) if i > 4 and url_of(m) in urls)
    half = len(middle[at]) // 2
    broken = middle[at][:half] + bytes(b ^ 0xFF for b in middle[at][half:-8]) + middle[at][-8:]
    wanted["middle.warc.gz"] = [url for url in urls if url != url_of(middle[at])]
    places["middle.warc.gz"] = (sum(map(len, middle[:at])), len(middle[at]), "corrupt_member")
    (crawl / "middle.warc.gz").write_bytes(b"".join([*middle[:at], broken, *middle[at + 1 :]]))

    tail = members(SAMPLES / "south.warc.gz")
    cut = len(tail[-1]) - len(tail[-1]) // 3
    lost = url_of(tail[-1])
    wanted["tail.warc.gz"] = [u for u in extracted_urls("south.warc.gz") if u != lost]
    places["tail.warc.gz"] = (sum(map(len, tail[:-1])), cut, "truncated_member")
    (crawl / "tail.warc.gz").write_bytes(b"".join([*tail[:-1], tail[-1][:cut]]))

    between = members(SAMPLES / "east.warc.gz")
    junk = b"These bytes are no member. " * 40
    wanted["between.warc.gz"] = extracted_urls("east.warc.gz")
    places["between.warc.gz"] = (
        sum(map(len, between[:9])), len(junk), "garbage_between_members",
    )  # fmt: skip
    (crawl / "between.warc.gz").write_bytes(b"".join([*between[:9], junk, *between[9:]]))

    os.mkfifo(crawl / "fifo.warc.gz")
    places["fifo.warc.gz"] = (0, 0, "not_a_regular_file")
    (crawl / "deep" / "x.warc.gz").mkdir(parents=True)
    places["deep/x.warc.gz"] = (0, 0, "not_a_regular_file")
    (crawl / "gone.warc.gz").symlink_to("/nonexistent/file")
    places["gone.warc.gz"] = (0, 0, "missing")
    result = run("mill", crawl, "--output", out)
    return Folder(str(out)), result, wanted, places


def test_damage_is_named_and_ends_in_exit_code_three(damaged):
    _, result, _, places = damaged
    assert result.exit_code == 3, result.output
    assert "Traceback" not in result.output
    for name, (_, _, reason) in places.items():
        assert f"damaged input: {name}: {reason}\n" in result.stderr


def test_damage_is_in_the_ledger_with_its_place(damaged):
    folder, _, _, places = damaged
    rows = ledger(folder)
    for name, (offset, length, reason) in places.items():
        (row,) = [
            row
            for row in rows
            if row["warc_file"] == name and reason in (row["reason"], *row["notes"])
        ]
        assert (row["warc_offset"], row["warc_length"]) == (offset, length)


def test_every_page_beside_the_damage_is_there(damaged):
    folder, _, wanted, places = damaged
    rows = ledger(folder)
    for name, urls in wanted.items():
        broken_at = places[name][0]
        found = sorted(
            row["url"] for row in rows
            if row["warc_file"] == name and row["fate"] == "extracted"
            and row["warc_offset"] != broken_at
        )  # fmt: skip
        assert found == urls
        assert len(found) > 10


def test_damaged_inputs_add_up(damaged):
    folder, *_ = damaged
    assert run("verify", folder.uri).exit_code == 0


# ------------------------------------------------------------------------------ nothing in the logs
def story(number=0):
    paragraphs = "".join(f"<p>{line}</p>" for line in STORY.strip().splitlines())
    title = f"{WORD} mill, {EMAIL}, {PHONE}"
    return (
        f"<html lang='en'><head><title>{title}</title></head>"
        f"<body><article><h1>Mill {number}</h1>{paragraphs}</article></body></html>"
    ).encode()


def slow():
    """A page that takes an engine that builds a tree some seconds; the limit is one."""
    line = f"Write to {EMAIL} or call {PHONE} for the {WORD}, as they say here."
    rows = "".join(f"<p>{line} {i}</p>" for i in range(18_000))
    return f"<html><body><article>{rows}</article></body></html>".encode()


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    """An archive with secrets everywhere, milled by the command itself."""
    folder = tmp_path_factory.mktemp("canary")
    whole = response_record(URL, story())
    broken = response_record(URL + "&b", story(1))
    half = len(broken) // 2
    text = gzip.decompress(response_record(URL + "&c", story(2)))
    archive = folder / "pages.warc.gz"
    archive.write_bytes(
        b"".join(
            [
                whole,
                broken[:half] + bytes(b ^ 0xFF for b in broken[half:]),
                gzip.compress(
                    text.replace(b"Content-Length: ", f"Content-Length: {WORD}".encode())
                ),
                gzip.compress(text.replace(b"HTTP/1.1 200 OK", f"{WORD} {EMAIL}".encode())),
                response_record(URL + "&slow", slow()),
                EMAIL.encode() * 20,
                response_record(f"https://[{WORD}/{EMAIL}", story(3)),
                response_record(URL + "&cut", story(4))[:-200],
            ]
        )
    )
    limits = settings(folder, '[text]\nengine = "trafilatura"\ntime_limit_s = 1\n')
    out = folder / "out"
    command = [
        str(Path(sys.executable).parent / "corpusmill"), "mill", str(archive),
        "--output", str(out), "--config", str(limits), "--master", "local[1]",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    return Folder(str(out)), done


def test_the_archive_with_secrets_fails_in_every_way(canary):
    """Else the next test would say little."""
    folder, _ = canary
    reasons = {r for row in ledger(folder) for r in (row["reason"], *row["notes"])}
    assert {
        "timeout", "corrupt_member", "bad_content_length", "bad_http",
        "garbage_between_members", "truncated_member",
    } <= reasons  # fmt: skip


def test_nothing_of_a_page_is_logged_or_in_the_records(canary):
    folder, done = canary
    texts = {"output": done.stdout, "errors": done.stderr}
    for path in Path(folder.base).rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            texts[str(path)] = path.read_text()
    assert len([name for name in texts if name.endswith(".json")]) >= 5
    for name, text in texts.items():
        for secret in (WORD, EMAIL, "zyxquor"):
            assert secret.lower() not in text.lower(), name
        # Eight digits, for four of them stand in one of a thousand digests by chance.
        assert not re.search(r"7183\W*8750", text), name


def test_personal_data_of_text_and_title_are_masked(canary):
    folder, _ = canary
    corpus = pq.read_table(folder.path("corpus")).to_pylist()
    rows = corpus + pq.read_table(folder.path("removed")).to_pylist()
    assert corpus
    for row in rows:
        assert row["title"] == f"{WORD} mill, <EMAIL>, <PHONE>"
        for secret in ("canary@", PHONE):
            assert secret not in row["text"]
    whole = [row for row in rows if "so bring good shoes" in row["text"]]
    assert whole
    for row in whole:
        assert "write to <EMAIL> or call <PHONE> before" in row["text"]


def test_the_page_that_took_too_long_is_kept_and_can_be_tried_again(canary):
    folder, _ = canary
    found = stages.required(folder, "extract").files["quarantine"]
    (row,) = [r for f in found for b in parquet.batches(folder, f.path) for r in b.to_pylist()]
    assert (row["reason"], row["url"]) == ("timeout", URL + "&slow")
    assert slow() in row["block"]
    assert not [
        path for path in json.loads(folder.read("MANIFEST.json"))["files"] if "quar" in path
    ]
    listed = run("explain", folder.base)
    assert row["doc_id"] in listed.stdout
    Path(folder.path(found[0].path)).unlink()
    assert run("explain", folder.base).stdout == "Nothing is in quarantine.\n"
    assert run("verify", folder.base, "--master", "local[1]").exit_code == 0
