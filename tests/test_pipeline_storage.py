"""Byte sources and listings against real servers on loopback: healthy, faulty and changing."""

import contextlib
import gzip
import http.server
import os
import re
import socket
import struct
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipeline import resume
from pipeline.archives import records
from pipeline.errors import ArchiveError
from pipeline.inputs import InputFile, list_inputs, listing
from pipeline.storage import SOURCE_REASONS, StorageOptions, open_source, scheme_of

DATA = bytes(range(256)) * 12_000


def fails(reason: str, uri: str, options: StorageOptions | None = None) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        read_all(uri, options)
    assert caught.value.reason == reason
    assert reason in SOURCE_REASONS
    return caught.value


def read_all(uri: str, options: StorageOptions | None = None, step: int = 1_000_000) -> bytes:
    source = open_source(uri, options)
    try:
        return b"".join(source.read_at(at, step) for at in range(0, source.size, step))
    finally:
        source.close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


# ------------------------------------------------------------------------------------ local files
def test_local_files_by_path_and_uri(tmp_path: Path) -> None:
    file = tmp_path / "with space.warc"
    file.write_bytes(DATA)
    for uri in (str(file), file.as_uri()):
        source = open_source(uri)
        assert source.size == len(DATA)
        assert source.read_at(1000, 5) == DATA[1000:1005]
        assert source.read_at(len(DATA) - 3, 99) == DATA[-3:]
        assert source.read_at(len(DATA) + 3, 9) == b""
        source.close()
        source.close()


def test_local_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "dangling").symlink_to("/nonexistent/file")
    os.mkfifo(tmp_path / "pipe")
    fails("missing", str(tmp_path / "none"))
    fails("missing", str(tmp_path / "dangling"))
    fails("missing", str(tmp_path / "empty" / "below a file"))
    fails("empty_file", str(tmp_path / "empty"))
    fails("not_a_regular_file", str(tmp_path))
    fails("not_a_regular_file", str(tmp_path / "pipe"))  # and does not wait for a writer
    fails("unreadable", str(tmp_path / ("n" * 5000)))
    fails("unsupported_scheme", "ftp://host/file")


@pytest.mark.parametrize("change", ["shrink", "grow", "touch"])
def test_a_local_file_that_changes_is_noticed(tmp_path: Path, change: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(DATA)
    source = open_source(str(file))
    if change == "touch":
        os.utime(file, ns=(1, 1))
    else:
        os.truncate(file, len(DATA) // 2 if change == "shrink" else len(DATA) * 2)
    with pytest.raises(ArchiveError) as caught:
        source.read_at(len(DATA) // 4, len(DATA) // 2)
    assert caught.value.reason == "source_changed"
    source.close()


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [("a/b", ""), ("S3://b/k", "s3"), ("C:/x", ""), ("a b://c", ""), ("https://h/p", "https")],
)
def test_schemes(uri: str, scheme: str) -> None:
    assert scheme_of(uri) == scheme


# --------------------------------------------------------------------------------- faulty server
class Faulty(http.server.BaseHTTPRequestHandler):
    """Serves DATA at any path; the last part of the path says what goes wrong."""

    protocol_version = "HTTP/1.1"
    hits: ClassVar[Counter[str]] = Counter()
    sent: ClassVar[Counter[str]] = Counter()

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(head=True)

    def do_GET(self) -> None:
        self.answer(head=False)

    def answer(self, *, head: bool) -> None:
        mode = urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[-1].removesuffix(".paths")
        Faulty.hits[mode] += not head
        hit = Faulty.hits[mode]
        asked = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        low, high = map(int, asked.groups()) if asked else (0, len(DATA) - 1)
        high = min(high, len(DATA) - 1)
        if mode == "noranges" or mode.startswith("whole"):
            asked, low, high = None, 0, len(DATA) - 1
        etag = f'"v{hit}"' if mode.startswith("changing") and hit > 1 else '"v1"'
        wanted = self.headers.get("If-Match") or self.headers.get("If-Range")
        status = 206 if asked else 200
        if mode.startswith("status") and not head:
            code, _, times = mode.removeprefix("status").partition("x")
            if hit <= int(times or 10**9):
                return self.short_answer(int(code))
        if mode == "changing" and wanted and wanted != etag:
            if self.headers.get("If-Match"):
                return self.short_answer(412)
            asked, status, low, high = None, 200, 0, len(DATA) - 1
        body = DATA[low : high + 1]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if mode != "notag":
            self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {low}-{high}/{len(DATA)}")
        self.end_headers()
        if not head:
            self.send_body(mode, hit, body)
        return None

    def short_answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_body(self, mode: str, hit: int, body: bytes) -> None:
        breaks = mode.startswith("breaking") or (mode.startswith("whole_breaking") and hit < 3)
        if mode == "stuck":
            body_sent = b""
        elif breaks:
            body_sent = body[: max(len(body) * 2 // 3, 1)]
        else:
            body_sent = body
        Faulty.sent[mode] += len(body_sent)
        self.wfile.write(body_sent)
        if len(body_sent) < len(body):
            self.wfile.flush()
            if mode == "breaking_hard":  # a reset, which may lose what was sent before it
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["s3", "http"])
def place(request: pytest.FixtureRequest, faulty: str) -> tuple[str, StorageOptions]:
    Faulty.hits.clear()
    Faulty.sent.clear()
    if request.param == "s3":
        return "s3://bucket/", StorageOptions(endpoint_url=faulty, retries=5, timeout_s=5)
    return faulty + "/bucket/", StorageOptions(retries=5, timeout_s=5)


@pytest.mark.parametrize("mode", ["fine", "notag", "status503x3", "status500x5", "status429x2"])
def test_remote_reads_and_retries(place: tuple[str, StorageOptions], mode: str) -> None:
    assert read_all(place[0] + mode, place[1]) == DATA


def test_a_broken_body_is_resumed_not_restarted(place: tuple[str, StorageOptions]) -> None:
    uri, options = place
    assert read_all(uri + "breaking", options, step=len(DATA)) == DATA
    assert Faulty.hits["breaking"] > 3
    # What came is not asked for again, but for the piece that broke.
    assert Faulty.sent["breaking"] <= len(DATA) + Faulty.hits["breaking"] * (16 << 10)


def test_a_reset_connection_is_resumed(place: tuple[str, StorageOptions]) -> None:
    assert read_all(place[0] + "breaking_hard", place[1]) == DATA


@pytest.mark.parametrize("mode", ["status503", "stuck"])
def test_retries_end(place: tuple[str, StorageOptions], mode: str) -> None:
    uri, options = place
    fails("source_failed", uri + mode, options)
    assert Faulty.hits[mode] == options.retries + 1


@pytest.mark.parametrize(
    ("mode", "reason"), [("status404", "missing"), ("status403", "unreadable")]
)
def test_refusals_are_not_retried(
    place: tuple[str, StorageOptions], mode: str, reason: str
) -> None:
    uri, options = place
    fails(reason, uri + mode, options)
    assert Faulty.hits[mode] == 1


@pytest.mark.parametrize("mode", ["changing", "changing_unannounced"])
def test_another_version_is_never_mixed_in(place: tuple[str, StorageOptions], mode: str) -> None:
    error = fails("source_changed", place[0] + mode, place[1])
    assert "changed" in str(error)


def test_a_server_that_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        fails("source_failed", url + "/x", StorageOptions(retries=2, timeout_s=1))
        options = StorageOptions(endpoint_url=url, retries=2, timeout_s=1)
        fails("source_failed", "s3://bucket/x", options)


@pytest.mark.parametrize("mode", ["noranges", "whole_breaking"])
def test_web_servers_without_ranges_are_copied(faulty: str, mode: str) -> None:
    Faulty.hits.clear()
    assert read_all(f"{faulty}/{mode}", StorageOptions(retries=5)) == DATA


def test_the_copy_is_bounded(faulty: str) -> None:
    fails("source_failed", f"{faulty}/noranges", StorageOptions(max_spool_bytes=100_000))


def test_reading_in_order_takes_few_requests_and_jumps_few_bytes(faulty: str) -> None:
    Faulty.hits.clear()
    assert read_all(f"{faulty}/fine", step=10_000) == DATA
    assert Faulty.hits["fine"] <= 5
    Faulty.sent.clear()
    source = open_source(f"{faulty}/fine")
    assert source.read_at(2_000_000, 10) == DATA[2_000_000:2_000_010]
    source.close()
    assert Faulty.sent["fine"] <= 600_000


# -------------------------------------------------------------------------------------- S3 (moto)
@pytest.fixture(scope="module")
def s3() -> Iterator[StorageOptions]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield StorageOptions(endpoint_url=f"http://{host}:{port}", region="eu-north-1", retries=2)
    server.stop()


@pytest.fixture
def bucket(s3: StorageOptions) -> StorageOptions:
    client = boto3.client("s3", endpoint_url=s3.endpoint_url, region_name="eu-north-1")
    location = {"LocationConstraint": "eu-north-1"}
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket="crawl", CreateBucketConfiguration=location)
    for key, body in {
        "a/x.warc.gz": gzip.compress(b"WARC/1.0\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n"),
        "a/deep/y.warc.gz": b"y",
        "a/notes.txt": b"n",
        "a/": b"",
        "ab/z.warc": b"z",
        "e/empty.warc": b"",
        "big.bin": DATA * 4,
    }.items():
        client.put_object(Bucket="crawl", Key=key, Body=body, ACL="public-read")
    return s3


def test_s3_objects(bucket: StorageOptions) -> None:
    assert read_all("s3://crawl/big.bin", bucket) == DATA * 4
    fails("missing", "s3://crawl/none", bucket)
    fails("missing", "s3://no-such-bucket/none", bucket)
    fails("empty_file", "s3://crawl/e/empty.warc", bucket)
    fails("unreadable", "s3:///key", bucket)
    (row,) = records(open_source("s3a://crawl/a/x.warc.gz", bucket))
    assert row.block == b"hi"


def test_s3_without_credentials(bucket: StorageOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    fails(
        "unreadable", "s3://crawl/big.bin", StorageOptions(bucket.endpoint_url, region="eu-west-3")
    )
    anonymous = StorageOptions(bucket.endpoint_url, anonymous=True)
    assert open_source("s3://crawl/big.bin", anonymous).size == len(DATA) * 4


def test_s3_changed_behind_the_reader(bucket: StorageOptions) -> None:
    source = open_source("s3://crawl/big.bin", bucket)
    assert source.read_at(0, 10) == DATA[:10]
    client = boto3.client("s3", endpoint_url=bucket.endpoint_url, region_name="eu-north-1")
    client.put_object(Bucket="crawl", Key="big.bin", Body=DATA * 5)
    with pytest.raises(ArchiveError) as caught:
        source.read_at(5_000_000, 10)
    assert caught.value.reason == "source_changed"


def test_s3_listings(bucket: StorageOptions) -> None:
    def names(*arguments: str) -> list[tuple[str, str | None]]:
        return [(file.name, file.problem) for file in list_inputs(arguments, bucket)]

    assert names("s3://crawl/a/") == [("deep/y.warc.gz", None), ("x.warc.gz", None)]
    assert names("s3://crawl/a") == names("s3://crawl/a/")
    assert names("s3://crawl/a*/*.warc*") == [
        ("a/deep/y.warc.gz", None),
        ("a/x.warc.gz", None),
        ("ab/z.warc", None),
    ]
    assert names("s3://crawl/ab/z.warc") == [("z.warc", None)]
    assert names("s3://crawl/e/") == [("empty.warc", "empty_file")]
    assert names("s3://crawl/none/") == [("none", "missing")]
    assert names("s3://nowhere/x*") == [("x*", "missing")]
    assert listing(["s3://crawl/a/"], bucket).ignored == ["s3://crawl/a/notes.txt"]
    (file,) = list_inputs(["s3://crawl/ab/z.warc"], bucket)
    assert (file.size, file.version) == (1, open_source(file.uri, bucket).version)


# --------------------------------------------------------------------------------- local listings
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one/a.warc.gz", "one/b.warc", "two/a.warc.gz", "c.ARC.GZ", "d.wet.gz"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"n")
    (tmp_path / "empty.warc").touch()
    (tmp_path / "dangling.warc").symlink_to("/nonexistent/file")
    os.mkfifo(tmp_path / "pipe.warc")
    (tmp_path / "two" / "loop").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_with_everything_in_it(folder: Path) -> None:
    found = listing([str(folder)])
    assert [(file.name, file.problem) for file in found.files] == [
        ("c.ARC.GZ", None),
        ("d.wet.gz", None),
        ("dangling.warc", "missing"),
        ("empty.warc", "empty_file"),
        ("one/a.warc.gz", None),
        ("one/b.warc", None),
        ("pipe.warc", "not_a_regular_file"),
        ("two/a.warc.gz", None),
    ]
    assert found.ignored == [str(folder / "notes.txt")]
    assert found.files[0].size == 1
    assert found.files[0].version == str((folder / "c.ARC.GZ").stat().st_mtime_ns)


def test_linked_folders_are_read_once(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "far.warc").write_bytes(b"x")
    (folder / "two" / "link").symlink_to(outside)
    assert "two/link/far.warc" in [file.name for file in list_inputs([str(folder)])]


def test_names_that_clash_get_their_folders(folder: Path) -> None:
    asked = [str(folder / "one" / "a.warc.gz"), str(folder / "two" / "a.warc.gz")]
    assert [file.name for file in list_inputs(asked)] == ["one/a.warc.gz", "two/a.warc.gz"]
    assert [file.name for file in list_inputs(asked[:1])] == ["a.warc.gz"]
    assert list_inputs(asked) == list_inputs(asked[::-1])
    assert len(list_inputs([*asked, str(folder / "one")])) == 3


def test_globs(folder: Path) -> None:
    names = [file.name for file in list_inputs([f"{folder}/**/*.warc.gz"])]
    assert "one/a.warc.gz" in names
    assert "two/a.warc.gz" in names
    (none,) = list_inputs([f"{folder}/*.nothing"])
    assert none.problem == "missing"
    odd = folder / "odd[1].warc"
    odd.write_bytes(b"x")
    assert list_inputs([str(odd)])[0].problem is None


def test_what_is_not_there(folder: Path) -> None:
    (folder / "bare").mkdir()
    asked = [str(folder / "none.warc"), str(folder / "bare"), "gs://bucket/key"]
    assert {file.problem for file in list_inputs(asked)} == {"missing", "unsupported_scheme"}


def test_path_lists(folder: Path, bucket: StorageOptions) -> None:
    lines = "crawl-data/CC-MAIN/1.warc.gz\n\n# note\ncrawl-data/CC-MAIN/2.warc.gz\n"
    (folder / "warc.paths.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "plain.paths").write_text(
        "one/a.warc.gz\ns3://crawl/ab/z.warc\nhttps://h/q.warc?k=1\n"
    )
    first, second = list_inputs([str(folder / "warc.paths.gz")])
    assert first == InputFile(
        "https://data.commoncrawl.org/crawl-data/CC-MAIN/1.warc.gz",
        "crawl-data/CC-MAIN/1.warc.gz", -1, "", None,
    )  # fmt: skip
    options = StorageOptions(bucket.endpoint_url, region="eu-north-1", paths_prefix=f"{folder}/")
    local, web, remote = list_inputs([str(folder / "plain.paths")], options)
    assert (local.name, local.size, local.uri) == ("one/a.warc.gz", 1, f"{folder}/one/a.warc.gz")
    assert (web.name, web.uri) == ("q.warc", "https://h/q.warc?k=1")
    assert (remote.name, remote.size) == ("z.warc", 1)
    assert second.uri.endswith("2.warc.gz")


def test_path_lists_that_cannot_be_read(folder: Path) -> None:
    (folder / "cut.paths.gz").write_bytes(gzip.compress(b"a\n" * 1000)[:-9])
    (folder / "none.paths").write_bytes(b"\n\n")
    for name, problem in (("cut", "unreadable"), ("absent", "missing")):
        (file,) = list_inputs([str(folder / f"{name}.paths.gz")])
        assert (file.problem, file.size) == (problem, -1)
    assert list_inputs([str(folder / "none.paths")])[0].problem == "empty_file"


def test_path_lists_over_http(faulty: str) -> None:
    (file,) = list_inputs([f"{faulty}/status404.paths"], StorageOptions(retries=1))
    assert file.problem == "missing"
