"""What tests of the readers of books share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shelfread.media.kind import Source


@pytest.fixture(scope="session")
def book_fixtures() -> Path:
    """The foreign files; tests that want them are skipped where they are absent."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures"))
    if not folder.is_dir():
        pytest.skip(f"no fixtures in {folder}")
    return folder


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Source]]:
    """Opens files as a parser does, and closes them behind the test."""
    descriptors: list[int] = []

    def source_of(path: Path, *, beside: bool = False) -> Source:
        descriptors.append(os.open(path, os.O_RDONLY))
        return Source(
            descriptors[-1], os.fsencode(path), path.stat().st_size, path.name.encode(), beside=beside
        )

    yield source_of
    for descriptor in descriptors:
        os.close(descriptor)
