"""One conversion without a journal: the steps of `convert` in their order, in this process."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.corpus.containers import archive
from shelfread.convert.draft import Draft
from shelfread.convert.names import target_of
from shelfread.convert.place import Place
from shelfread.convert.unpack import Frame, Wanted, unpacked

Change = Callable[[Frame], Frame]
PAGES: list[tuple[str, bytes]] = [
    ("ComicInfo.xml", b"<ComicInfo><Title>One</Title></ComicInfo>" * 20),
    *((f"page {number:02}.jpg", bytes([number]) * (1000 + number)) for number in range(5)),
]


def made(path: Path, entries: Sequence[tuple[str, bytes]] = PAGES) -> Path:
    """An archive of the kind that its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive(path.suffix[1:], entries))
    os.utime(path, ns=(1_600_000_000_123_456_789, 1_500_000_000_123_456_789))
    return path


def convert(
    root: Path, name: str, change: Change = lambda frame: frame, second: Change | None = None
) -> Path:
    """Convert a file below a root; `change` stands before the writer, `second` before the comparison.

    Raises:
        Refused: see `convert.draft`.
    """
    folder, _, last = os.fsencode(name).rpartition(b"/")
    target = target_of(last)
    assert target is not None
    with Place(os.fsencode(root), folder) as place, place.opened(last) as fd:
        draft = Draft(place, fd)
        try:
            for frame in unpacked(Wanted(place.path + b"/" + last)):
                draft.take(change(frame))
            draft.seal()
            comparison = draft.comparison()
            for frame in unpacked(Wanted(place.path + b"/" + draft.name, content=False)):
                comparison.take(second(frame) if second else frame)
            comparison.finish()
            draft.check_source()
            place.rename(draft.name, target)
            draft.keep()
        finally:
            draft.close()
    return root / os.fsdecode(folder) / os.fsdecode(target)


def content(path: Path) -> list[tuple[str, bytes]]:
    """The entries of a zip as another reader finds them, each checked."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return [(entry.filename, file.read(entry)) for entry in file.infolist()]


def left(folder: Path) -> list[str]:
    """Everything in a folder, by name."""
    return sorted(path.name for path in folder.iterdir())
