"""Where tables live: a local folder or an S3 prefix, the same code for both.

Nothing is ever appended to or changed in place. A file is written under a fresh name, and becomes
part of a table by a record created only if absent (POSIX ``link``, S3 ``If-None-Match``).
"""

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

from botocore.exceptions import ClientError
from pyarrow import fs

from pipeline import s3
from pipeline.errors import ConfigError
from pipeline.storage import StorageOptions

DEFAULTS = StorageOptions()


@dataclass(frozen=True)
class Folder:
    """A local folder or ``s3://bucket/prefix``; names in it are relative, with ``/``."""

    uri: str
    options: StorageOptions = DEFAULTS

    @property
    def is_s3(self) -> bool:
        """Whether it is an S3 prefix."""
        return self.uri.startswith("s3://")

    @property
    def base(self) -> str:
        """Path in its file system, without a trailing slash."""
        if self.is_s3:
            return self.uri.removeprefix("s3://").rstrip("/")
        if "://" in self.uri and not self.uri.startswith("file://"):
            raise ConfigError(f"{self.uri}: an output is a local folder or s3://bucket/prefix")
        return str(Path(self.uri.removeprefix("file://")).absolute())

    def path(self, name: str) -> str:
        """Path of a file in the file system that ``filesystem`` gives."""
        return f"{self.base}/{name}"

    def below(self, name: str) -> "Folder":
        """The folder of that name in this one."""
        return Folder(f"{self.uri.rstrip('/')}/{name}", self.options)

    def filesystem(self) -> fs.FileSystem:
        """Arrow's file system, one per process."""
        return _filesystem(self.is_s3, self.options)

    def exists(self, name: str) -> bool:
        """Whether a file of that name is there."""
        return bool(self.filesystem().get_file_info(self.path(name)).type == fs.FileType.File)

    def read(self, name: str) -> bytes:
        """Whole content of a small file; FileNotFoundError where there is none."""
        with self.filesystem().open_input_stream(self.path(name)) as stream:
            return bytes(stream.read())

    def open_input(self, name: str) -> IO[bytes]:
        """Random access to a file."""
        return cast(IO[bytes], self.filesystem().open_input_file(self.path(name)))

    def open_output(self, name: str) -> IO[bytes]:
        """Stream into a fresh file; parents are made."""
        if not self.is_s3:
            Path(self.path(name)).parent.mkdir(parents=True, exist_ok=True)
        return cast(IO[bytes], self.filesystem().open_output_stream(self.path(name)))

    def sync(self, name: str) -> None:
        """Return when a file just written survives a power cut (S3 says so by itself)."""
        if not self.is_s3:
            descriptor = os.open(self.path(name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def create(self, name: str, content: bytes) -> bool:
        """Create a small file if none of that name exists; whether this call did it."""
        if self.is_s3:
            return self._create_object(name, content)
        target = Path(self.path(name))
        fresh = self._fresh(target, content)
        try:
            os.link(fresh, target)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        return True

    def replace(self, name: str, content: bytes) -> None:
        """Put a small file in place of the one of that name, at once."""
        if self.is_s3:
            with self.open_output(name) as stream:
                stream.write(content)
            return
        target = Path(self.path(name))
        self._fresh(target, content).replace(target)

    def list(self, folder: str) -> list[tuple[str, int]]:
        """(name, size in bytes) of every file below a folder, sorted; empty if there is none."""
        selector = fs.FileSelector(self.path(folder), recursive=True, allow_not_found=True)
        start = len(self.base) + 1
        found = self.filesystem().get_file_info(selector)
        return sorted((i.path[start:], i.size) for i in found if i.type == fs.FileType.File)

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is no error."""
        if self.exists(name):
            self.filesystem().delete_file(self.path(name))

    def delete_folder(self, name: str) -> None:
        """Delete a folder and all below it; one that is not there is no error."""
        if self.filesystem().get_file_info(self.path(name)).type == fs.FileType.Directory:
            self.filesystem().delete_dir(self.path(name))

    def sweep_folder(self, name: str) -> None:
        """Delete a folder of leftovers, or leave it for the next run to delete.

        Tasks of a killed run may write to theirs for some seconds more.
        """
        with suppress(OSError):
            self.delete_folder(name)

    def move_folder(self, source: str, target: str) -> None:
        """Move a folder to a name not in use: one rename locally, object copies on S3."""
        if not self.is_s3:
            Path(self.path(target)).parent.mkdir(parents=True, exist_ok=True)
            Path(self.path(source)).rename(self.path(target))
            return
        for name, _ in self.list(source):
            moved = target + name.removeprefix(source)
            self.filesystem().move(self.path(name), self.path(moved))

    def _fresh(self, target: Path, content: bytes) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        with fresh.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        return fresh

    def _create_object(self, name: str, content: bytes) -> bool:
        bucket, _, key = self.path(name).partition("/")
        try:
            s3.client_for(self.options).put_object(
                Bucket=bucket, Key=key, Body=content, IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "412"):
                return False
            raise
        return True


@lru_cache(maxsize=8)
def _filesystem(is_s3: bool, options: StorageOptions) -> fs.FileSystem:
    if not is_s3:
        return fs.LocalFileSystem()
    return fs.S3FileSystem(
        anonymous=options.anonymous,
        endpoint_override=options.endpoint_url,
        region=options.region,
        allow_bucket_creation=False,
    )
