"""``corpusmill lists``: what it shows, fetches, pins and refuses; and that lists decide."""

import contextlib
import hashlib
import http.server
import re
import threading
import tomllib
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from test_jobs_cli import ROOT, refused, run, unwrapped
from test_pipeline_lists import UT1, tar

from jobs import curate, mill
from pipeline import config, known_lists, manifest, parquet, stages
from pipeline.files import Folder
from pipeline.known_lists import KnownList
from pipeline.lists import read_url_list


@contextlib.contextmanager
def served(files):
    """A loopback server that holds these files."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            content = files.get(urlsplit(self.path).path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if body:
                self.wfile.write(content or b"")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def section_of(output):
    return tomllib.loads(output[output.index("[[urls.lists]]") :])["urls"]["lists"]


def test_known_lists_are_shown_with_address_and_licence():
    result = run("lists")
    assert result.exit_code == 0
    for part in ("ut1-adult", "ut1-phishing", "built in", "CC BY-SA 4.0", "adult.tar.gz"):
        assert part in result.output
    assert "lists fetch" in unwrapped(run("lists", "--help").output) or "fetch" in result.output


def test_a_list_is_fetched_checked_and_told(tmp_path):
    content = tar({name: data for name, data in UT1.items() if "adult" in name})
    with served({"/blacklists/adult.tar.gz": content}) as base:
        result = run("lists", "fetch", f"{base}/blacklists/adult.tar.gz?key=secret",
                     "--output", tmp_path / "lists", "--category", "adult")  # fmt: skip
    assert result.exit_code == 0, result.output
    digest = hashlib.sha256(content).hexdigest()
    path = tmp_path / "lists" / "adult.tar.gz"
    assert path.read_bytes() == content
    assert "2 sites, 1 pages" in result.output
    assert f"SHA-256 {digest}" in result.output
    assert "secret" not in result.output
    assert section_of(result.output) == [
        {"category": "adult", "path": str(path), "sha256": digest},
    ]
    assert [p.name for p in path.parent.iterdir()] == ["adult.tar.gz"]


def test_a_known_list_knows_its_category(tmp_path, monkeypatch):
    with served({"/dating.tar.gz": tar({"dating/domains": b"date.org\n"})}) as base:
        known = KnownList("dating", f"{base}/dating.tar.gz", "CC BY-SA 4.0", "dating sites")
        monkeypatch.setattr(known_lists, "KNOWN", {"ut1-dating": known})
        result = run("lists", "fetch", "ut1-dating", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "CC BY-SA 4.0" in result.output
    (section,) = section_of(result.output)
    assert section["category"] == "dating"
    assert section["path"] == str(tmp_path / "ut1-dating.tar.gz")


def test_of_several_lists_in_one_archive_each_gets_its_lines(tmp_path):
    (tmp_path / "all.tar.gz").write_bytes(tar(UT1))
    result = run("lists", "fetch", tmp_path / "all.tar.gz", "-o", tmp_path / "lists")
    assert [one["folder"] for one in section_of(result.output)] == ["adult", "bank"]
    own = tmp_path / "own.toml"
    own.write_text(result.output[result.output.index("[[urls") :])
    assert [file.folder for file in config.load(None, str(own)).urls.lists] == ["adult", "bank"]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b"a.org\n", ["--sha256", "0" * 64], "configuration names 000"),
        (b"no entry here\n", [], "names no site and no page"),
        (b"\x1f\x8b\x08\x00cut", [], "damaged or cut short"),
        (b"a.org\n", ["--category", "bank"], "no category 'bank'"),
        (b"", [], "empty"),
    ],
)
def test_what_is_no_list_is_refused_and_leaves_nothing(tmp_path, content, options, told):
    with served({"/list.txt": content}) as base:
        result = run("lists", "fetch", f"{base}/list.txt", "-o", tmp_path / "lists", *options)
    refused(result, told)
    assert not [p for p in (tmp_path / "lists").rglob("*") if p.is_file()]


def test_what_cannot_be_fetched_is_told(tmp_path):
    refused(run("lists", "fetch", "ut1-none", "-o", tmp_path), "no list named 'ut1-none'")
    refused(run("lists", "fetch", tmp_path / "none", "-o", tmp_path), "no such file")
    with served({}) as base:
        refused(run("lists", "fetch", f"{base}/none", "-o", tmp_path))
    (tmp_path / "file").write_text("a.org\n")
    target = tmp_path / "file" / "below"
    refused(run("lists", "fetch", tmp_path / "file", "-o", target), "cannot be written")


def test_a_bad_list_stops_explain_before_any_page(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[[urls.lists]]\ncategory = "adult"\npath = "none"\n')
    archive = ROOT / "samples" / "archives" / "west.warc.gz"
    refused(run("explain", archive, "--offset", 326, "--config", own), "none")


def test_explain_shows_what_lists_say_of_an_address(tmp_path):
    archive = ROOT / "samples" / "archives" / "west.warc.gz"
    plain = run("explain", archive, "--offset", 326)
    host = re.search(r"^host +(\S+)|https?://([^/\s]+)", plain.output, re.MULTILINE)
    objections = tmp_path / "objections.txt"
    objections.write_text(f"{host[1] or host[2]}\n")
    own = tmp_path / "own.toml"
    own.write_text(f'[[urls.lists]]\ncategory = "optout"\npath = "{objections}"\n')
    result = run("explain", archive, "--offset", 326, "--config", own)
    assert result.exit_code == 0
    assert re.search(r"url_optout +1 +\.\. 0 +url\.optout +rejects", result.output)
    assert re.search(r"url_adult +0 +\.\. 0 +url\.adult +passes", result.output)
    assert "rejected by url.optout" in result.output
    assert "rejected by url.optout" not in plain.output


# -------------------------------------------------------------------------------- lists decide
def reasons(folder):
    """Host to reason of every page that was removed."""
    names = [f["path"] for f in manifest.read(folder)["files"] if f["path"].startswith("removed/")]
    rows = pa.concat_tables(
        pa.Table.from_batches(parquet.batches(folder, name, ["host", "reason"])) for name in names
    )
    return dict(zip(*rows.to_pydict().values(), strict=True))


@pytest.mark.spark
def test_a_new_objection_needs_no_archive(spark, tmp_path):
    archive = tmp_path / "west.warc.gz"
    archive.write_bytes((ROOT / "samples" / "archives" / "west.warc.gz").read_bytes())
    folder = Folder(str(tmp_path / "out"))
    objections = tmp_path / "objections.txt"
    own = tmp_path / "own.toml"
    own.write_text(f'[[urls.lists]]\ncategory = "optout"\npath = "{objections}"\n')
    objections.write_text("nobody.example\n")
    settings = config.load(None, str(own))
    mill.run(spark, settings, folder, [str(archive)])
    assert "url.optout" not in reasons(folder).values()
    first = stages.finished(folder, "curate")
    assert curate.run(spark, settings, folder) == first
    archive.unlink()
    kept = [f["path"] for f in manifest.read(folder)["files"] if f["path"].startswith("corpus/")]
    hosts = {
        host
        for name in kept
        for batch in parquet.batches(folder, name, ["host"])
        for host in batch.column(0).to_pylist()
    }
    objecting = min(hosts)
    objections.write_text(f"nobody.example\n{objecting}\n")
    curate.run(spark, settings, folder)
    assert {host for host, why in reasons(folder).items() if why == "url.optout"} == {objecting}
    (listed,) = manifest.read(folder)["lists"]["lists"]
    assert listed == ["optout", None, read_url_list(str(objections)).sha256]
