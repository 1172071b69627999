"""Sound files of every kind, encoded once for all tests of the readers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.media.music.formats import samples


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One untagged file of every kind."""
    folder = tmp_path_factory.mktemp("plain")
    return {
        kind: samples.encode(folder / f"{kind.replace(' ', '_')}{spec[0]}", kind)
        for kind, spec in samples.KINDS.items()
    }


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The foreign sound files; tests that want them are skipped where they are absent."""
    root = Path(__file__).resolve().parents[4]
    folder = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures")) / "audio"
    if not folder.is_dir():
        pytest.skip(f"no fixtures in {folder}")
    return folder
