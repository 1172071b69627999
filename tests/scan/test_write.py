"""`scan.write`: batches that the database does not accept, for a moment or at all."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.model.problem import ProblemCode
from shelfread.scan.findings import Place
from shelfread.scan.plan import Mode
from shelfread.scan.write import Writer
from shelfread.store.music import MusicCatalogue
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("mode", [Mode.SYNC, Mode.BATCHED])
async def test_a_batch_that_fails_once_is_written_as_it_was(
    shelf: Shelf, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        shelf.tree.add(f"Ann/First/{number}.mp3")
    real = MusicCatalogue.save
    sizes: list[int] = []

    async def save(self: Any, connection: Any, batch: Any, now: int) -> None:
        count = sum(file.item is not None for part in batch for file in part.files)
        if count:
            sizes.append(count)
            if len(sizes) == 1:
                raise sa.exc.IntegrityError("", {}, Exception("another job tidied this artist away"))
        await real(self, connection, batch, now)

    monkeypatch.setattr(MusicCatalogue, "save", save)
    assert await shelf.scan(mode=mode) == {"added": 3}
    assert sizes[0] == sizes[1]
    assert sum(sizes[1:]) == 3
    assert await shelf.problems() == set()
    assert len(await shelf.tracks()) == 3


async def test_a_file_whose_facts_are_refused_stands_with_a_problem_until_a_rescan_takes_them(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        shelf.tree.add(f"Ann/First/{number}.mp3")
    real = MusicCatalogue.save

    async def save(self: Any, connection: Any, batch: Any, now: int) -> None:
        for part in batch:
            for file in part.files:
                if file.name == b"1.mp3" and file.item is not None and file.code is None:
                    raise sa.exc.DataError("", {}, Exception("refused"))
        await real(self, connection, batch, now)

    monkeypatch.setattr(MusicCatalogue, "save", save)
    assert await shelf.scan() == {"added": 2, "failed": 1}
    problem = ("Ann/First/1.mp3", "damaged")
    assert await shelf.problems() == {problem}
    assert (await shelf.tracks())["Ann/First/1.mp3"]["duration_s"] is None
    # Not tried again by itself.
    assert await shelf.scan() == {"unchanged": 3}
    assert shelf.opened == []
    assert await shelf.problems() == {problem}
    monkeypatch.undo()
    assert await shelf.scan(rescan=True) == {"updated": 1, "unchanged": 2}
    assert await shelf.problems() == set()
    assert (await shelf.tracks())["Ann/First/1.mp3"]["duration_s"]


async def test_what_is_found_while_the_last_batch_is_written_is_not_lost(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.tree.add("Ann/First/1.mp3")
    real = Writer._write

    async def write(self: Any, parts: Any) -> None:
        await real(self, parts)
        if parts and self._gathering.done:
            place = Place(parts[0].root_id, b"Bob", ProblemCode.FOLDER_UNREADABLE, "found late")
            self._findings.places.append(place)

    monkeypatch.setattr(Writer, "_write", write)
    assert await shelf.scan() == {"added": 1}
    assert await shelf.problems() == {("Bob", "folder_unreadable")}
