"""Archives as open files, and the foreign ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import LIMITS, Archive, Limits
from shelfread.media.kind import Source

Opened = Callable[..., Archive]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens bytes, or the file at a path, as an archive."""
    descriptors: list[int] = []

    def opening(content: bytes | Path, limits: Limits = LIMITS) -> Archive:
        path = content if isinstance(content, Path) else tmp_path / f"book {len(descriptors)}.cbz"
        if isinstance(content, bytes):
            path.write_bytes(content)
        fd = os.open(path, os.O_RDONLY)
        descriptors.append(fd)
        return open_archive(Source(fd, os.fsencode(path), os.fstat(fd).st_size), limits)

    yield opening
    for fd in descriptors:
        os.close(fd)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The foreign archives and books; tests that want them are skipped where they are absent."""
    root = Path(__file__).resolve().parents[4]
    folder = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures"))
    if not (folder / "archives").is_dir():
        pytest.skip(f"no fixtures in {folder}")
    return folder
