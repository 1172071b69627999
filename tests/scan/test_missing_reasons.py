"""A missing file says since when it is so and why; one that is back says neither (issue 7)."""

from __future__ import annotations

import os
import shutil

import pytest

from tests import catalogue
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _reasons(shelf: Shelf) -> dict[str, str | None]:
    found = await shelf.files()
    for row in found.values():
        assert (row["missing_at"] is None) == (row["status"] != "missing")
    return {path: row["missing_reason"] for path, row in sorted(found.items())}


async def test_a_file_is_missing_because_it_or_its_folder_is_gone_or_a_rule_leaves_it_out(
    shelf: Shelf,
) -> None:
    tree = shelf.tree
    for name in ("A/One/1.mp3", "A/One/2.mp3", "B/Deep/Er/3.mp3", "C/Two/4.mp3", "C/Two/5.mp3"):
        tree.add(name)
    await shelf.scan()
    assert set((await _reasons(shelf)).values()) == {None}
    (tree.path / "A/One/1.mp3").unlink()
    away = tree.path.parent / "away"
    shutil.move(os.fspath(tree.path / "B"), away)
    tree.write("C/.shelfignore", b"4.mp3\n")
    assert (await shelf.scan())["removed"] == 3
    assert await _reasons(shelf) == {
        "A/One/1.mp3": "gone",
        "A/One/2.mp3": None,
        "B/Deep/Er/3.mp3": "folder_gone",
        "C/Two/4.mp3": "left_out",
        "C/Two/5.mp3": None,
    }
    shutil.move(away, tree.path / "B")
    (tree.path / "C/.shelfignore").unlink()
    await shelf.scan()
    assert [path for path, why in (await _reasons(shelf)).items() if why] == ["A/One/1.mp3"]
    # One that turns up elsewhere is there again, too.
    (tree.path / "A/One/2.mp3").rename(tree.path / "C/Two/2.mp3")
    await shelf.scan()
    assert (await _reasons(shelf))["C/Two/2.mp3"] is None
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []


async def test_what_a_person_confirms_has_its_reason_too(shelf: Shelf) -> None:
    for number in range(25):
        shelf.tree.add(f"A/{'One' if number else 'Two'}/{number}.mp3")
    shelf.tree.add("A/One/kept.mp3")
    await shelf.scan()
    for number in range(25):
        (shelf.tree.path / f"A/{'One' if number else 'Two'}/{number}.mp3").unlink()
    (shelf.tree.path / "A/Two").rmdir()
    assert (await shelf.outcome()).held == 25
    assert set((await _reasons(shelf)).values()) == {None}
    assert (await shelf.app.confirm(await shelf.library())).missing == 25
    found = await _reasons(shelf)
    assert (found["A/Two/0.mp3"], found["A/One/1.mp3"], found["A/One/kept.mp3"]) == (
        "folder_gone",
        "gone",
        None,
    )
