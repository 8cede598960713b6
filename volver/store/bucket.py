"""A lake's files in a bucket of object storage (`s3://…`), with the copy on local disk that DuckDB reads.

A data file never changes once it is written, so the copy is only ever added to. Credentials and endpoint come from the
environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`).
"""

import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from volver.core import VolverError


class BadLakeUrl(VolverError):
    """The setting `lake` names no place that a lake can rest in."""

    code = "store.bad_lake_url"
    says = "The setting lake names {scheme}, where no lake can rest."
    hint = "Use s3://bucket/prefix, file:///folder, or leave it empty for the shop's own folder."


class BucketNotReached(VolverError):
    """The object storage refused or did not answer."""

    code = "store.bucket_not_reached"
    says = "The bucket {bucket} could not be reached ({reason})."
    hint = "Check AWS_ENDPOINT_URL, AWS_REGION and the credentials in the environment."
    status = 503


class Bucket:
    """The place `s3://bucket/prefix`. Names are relative to it."""

    def __init__(self, url: str) -> None:
        from pyarrow import fs

        parts = urlsplit(url)
        self._root = f"{parts.netloc}{parts.path}".rstrip("/")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        self.options = {"aws_conditional_put": "etag"}  # two writers never make the same version
        told: dict[str, Any] = {}
        if endpoint:
            where = urlsplit(endpoint)
            told = {"endpoint_override": where.netloc, "scheme": where.scheme}
            self.options |= {"aws_endpoint": endpoint, "aws_allow_http": str(where.scheme == "http").lower()}
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        self._fs = fs.S3FileSystem(region=region, **told)

    def uri(self, name: str) -> str:
        """A name as other engines say it."""
        return f"s3://{self._root}/{name}"

    def has_table(self, name: str) -> bool:
        """Whether a Delta table is there. Raises `store.bucket_not_reached`."""
        from pyarrow import fs

        try:
            found = self._fs.get_file_info(fs.FileSelector(f"{self._root}/{name}/_delta_log", allow_not_found=True))
        except OSError as problem:
            raise BucketNotReached(bucket=self._root, reason=type(problem).__name__) from problem
        return bool(found)

    def text(self, name: str) -> str:
        """What a small file says. Raises FileNotFoundError."""
        with self._fs.open_input_stream(f"{self._root}/{name}") as stream:
            return bytes(stream.read()).decode()

    def put(self, folder: Path, paths: Sequence[Path]) -> None:
        """Bring files of the local copy into the bucket. Raises `store.bucket_not_reached`."""
        try:
            for path in paths:
                name = path.relative_to(folder)
                with open(path, "rb") as source, self._fs.open_output_stream(f"{self._root}/{name}") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        except OSError as problem:
            raise BucketNotReached(bucket=self._root, reason=type(problem).__name__) from problem

    def fetch(self, folder: Path, paths: Sequence[str]) -> None:
        """Complete the local copy: those of the files that it lacks. Raises `store.bucket_not_reached`."""
        try:
            for path in map(Path, paths):
                if path.exists():
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                half = path.with_name(f".{uuid.uuid4().hex}.half")
                name = f"{self._root}/{path.relative_to(folder)}"
                with self._fs.open_input_stream(name) as source, open(half, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                half.rename(path)
        except OSError as problem:
            raise BucketNotReached(bucket=self._root, reason=type(problem).__name__) from problem


def lake_place(url: str, own: Path) -> tuple[Path, Bucket | None]:
    """The local folder of a lake, and its bucket where it has one. Raises `store.bad_lake_url`."""
    parts = urlsplit(url)
    if not url:
        return own, None
    if parts.scheme == "file" and parts.path:
        return Path(parts.path), None
    if parts.scheme == "s3" and parts.netloc:
        return own, Bucket(url)
    raise BadLakeUrl(scheme=parts.scheme or "no scheme")
