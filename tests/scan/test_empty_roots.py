"""`empty_ok`: a root that may be emptied is believed when it is, and any other is not (DESIGN rule 1)."""

from __future__ import annotations

import pytest

from shelfread.scan import roots
from shelfread.scan.plan import RootsUnavailable
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_inbox_may_be_emptied_of_however_many_files_but_a_disk_that_is_away_is_none(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        shelf.tree.add(f"{number}.mp3")
    await shelf.scan()
    for number in range(25):
        (shelf.tree.path / f"{number}.mp3").unlink()
    with pytest.raises(RootsUnavailable):
        await shelf.outcome()
    library = await shelf.library()
    root = library.roots[0]
    changed = await shelf.app.libraries.change(library.id, empty_ok={root.id: True})
    assert changed is not None
    assert changed.roots[0].empty_ok
    with monkeypatch.context() as patched:
        # Another filesystem at the same place: the mount point that a disk left behind.
        patched.setattr(roots, "filesystem_identity", lambda _path: "another")
        with pytest.raises(RootsUnavailable):
            await shelf.outcome()
    assert await shelf.missing() == set()
    assert await shelf.scan() == {"removed": 25}
    changed = await shelf.app.libraries.change(library.id, empty_ok={root.id: False})
    assert changed is not None
    assert not changed.roots[0].empty_ok
