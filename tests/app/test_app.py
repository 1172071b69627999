"""`app`: what people ask for, where it is more than one call of something below."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.app import Confirmed
from shelfread.model.job import JobStatus
from shelfread.store.tables import folders
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_scan_whose_beginning_cannot_be_told_ends_and_lets_go(shelf: Shelf) -> None:
    shelf.tree.add("Ada/First/one.mp3")

    def broken(job_id: str) -> None:
        raise BrokenPipeError(f"nobody hears of {job_id}")

    with pytest.raises(BrokenPipeError):
        await shelf.app.scan(await shelf.library(), pools=shelf.pools, on_start=broken)
    (job,) = await shelf.app.jobs.history(shelf.library_id)
    assert (job.status, job.reason) == (JobStatus.FAILED, "exception")
    await shelf.app.refuse_while_running(shelf.library_id)
    assert await shelf.scan() == {"added": 1}


async def _seem_mounted(shelf: Shelf, path: bytes) -> None:
    """As if a scan had found another filesystem there, which needs no right to mount one."""

    async def work(connection: Any) -> None:
        await connection.execute(sa.update(folders).where(folders.c.path == path).values(mounted=True))

    await shelf.database.write(work)


@pytest.mark.parametrize("left", ["the mount point", "the folder above", "nothing of it"])
async def test_a_mount_that_is_gone_for_good_can_be_confirmed(
    shelf: Shelf, new_shelf: NewShelf, left: str
) -> None:
    for number in range(3):
        shelf.tree.add(f"outer/usb/Ada/First/{number} one.mp3")
    for number in range(6):
        shelf.tree.add(f"Bea/Second/{number} two.mp3")
    assert await shelf.scan() == {"added": 9}
    await _seem_mounted(shelf, b"outer/usb")
    shutil.rmtree(shelf.tree.path / ("outer" if left == "nothing of it" else "outer/usb"))
    if left == "the mount point":
        os.mkdir(shelf.tree.path / "outer" / "usb")
    for _ in range(3):
        assert "removed" not in await shelf.scan()
        assert await shelf.problems() == {("outer/usb", "mount_unavailable")}
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(missing=0, there=0, roots=1)
    assert await shelf.problems() == set()
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(missing=0, there=0, roots=0)
    assert await shelf.scan() == {"unchanged": 6, "removed": 3}
    assert await shelf.problems() == set()
    assert await shelf.scan() == {"unchanged": 6}
    shutil.rmtree(shelf.tree.path / "outer", ignore_errors=True)
    assert await shelf.scan() == {"unchanged": 6}
    await new_shelf.as_if_new(shelf)


async def test_a_confirmed_mount_that_took_much_with_it_is_held_like_any_folder(shelf: Shelf) -> None:
    for number in range(25):
        shelf.tree.add(f"usb/Ada/First/{number}.mp3")
    assert await shelf.scan() == {"added": 25}
    shelf.tree.add("Bea/Second/two.mp3")
    await _seem_mounted(shelf, b"usb")
    shutil.rmtree(shelf.tree.path / "usb")
    await shelf.scan()
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    assert (await shelf.outcome()).held == 25
    assert await shelf.missing() == set()
    assert (await shelf.app.confirm(await shelf.library())).missing == 25


async def test_a_mount_that_is_back_after_all_loses_nothing(shelf: Shelf) -> None:
    shelf.tree.add("usb/Ada/First/one.mp3")
    shelf.tree.add("Bea/Second/two.mp3")
    await shelf.scan()
    ids = await shelf.ids()
    await _seem_mounted(shelf, b"usb")
    shelf.tree.move("usb", "../away")
    await shelf.scan()
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    shelf.tree.move("../away", "usb")
    assert await shelf.scan() == {"unchanged": 2}
    assert await shelf.ids() == ids
