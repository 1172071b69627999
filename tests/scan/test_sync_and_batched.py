"""Two ways to write, one catalogue (C8-C10); rescans (decision 9); files too young to believe (rule 6)."""

from __future__ import annotations

import os

import pytest

from shelfread.app import KINDS
from shelfread.model.job import Scope
from shelfread.model.music import Audio
from shelfread.scan.plan import Mode, Plan
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan.test_kill import change, fill

pytestmark = pytest.mark.asyncio(loop_scope="session")

READ = {"read_job", "seen_at", "changed_by", "change"}


async def assert_equal(one: Shelf, other: Shelf) -> None:
    mine, theirs = await catalogue.dump(one.database), await catalogue.dump(other.database)
    for name in mine:
        assert mine[name] == theirs[name], name


def without(rows: list[catalogue.Row], *names: str) -> list[catalogue.Row]:
    return [{key: value for key, value in row.items() if key not in names} for row in rows]


async def test_c10_batched_is_the_default() -> None:
    assert Plan.__dataclass_fields__["mode"].default is Mode.BATCHED


async def test_c8_c9_sync_and_batched_end_in_the_same_catalogue(
    new_shelf: NewShelf, database_kind: str, tmp_path: os.PathLike[str]
) -> None:
    batched = await new_shelf(database_kind)
    fill(batched.tree)
    sync = await new_shelf("sqlite", trees=batched.trees)
    assert await batched.scan() == await sync.scan(mode=Mode.SYNC)
    await assert_equal(batched, sync)
    change(batched.tree)
    assert await batched.scan() == await sync.scan(mode=Mode.SYNC)
    await assert_equal(batched, sync)
    # Nor does it matter which of them comes second.
    assert await batched.scan(mode=Mode.SYNC) == await sync.scan()
    assert batched.opened == sync.opened == []


async def test_c8_in_sync_mode_every_file_is_there_as_soon_as_it_is_counted(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    for number in range(40):
        shelf.tree.add(f"Ada/First/{number:02}.mpc")
    before = len(await shelf.table("job_logs"))
    await shelf.scan(mode=Mode.SYNC)
    times = [row["added_at"] for row in await shelf.table("media_files")]
    assert len(set(times)) == 40
    assert before == 0
    other = await new_shelf(trees=shelf.trees)
    await other.scan()
    assert len({row["added_at"] for row in await other.table("media_files")}) < 10


async def test_c9_a_batch_takes_the_files_of_many_folders(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    for number in range(30):
        shelf.tree.add(f"Ada/{number:02}/Song.mpc")
    await shelf.scan()
    assert len({row["added_at"] for row in await shelf.table("media_files")}) < 10


@pytest.mark.parametrize(("mode", "count"), [(Mode.BATCHED, 1200), (Mode.SYNC, 520)])
async def test_a_folder_larger_than_a_part_is_one_release_in_both_modes(
    new_shelf: NewShelf, mode: Mode, count: int
) -> None:
    shelf = await new_shelf()
    for number in range(count):
        shelf.tree.add(
            f"Huge/{number:04}.mpc",
            artist=f"Singer {number % 7}",
            album="Everything",
            date=f"{2020 - number % 9}",
            discnumber=f"{1 + number % 3}",
            genre=f"Genre {number % 3}",
        )
    assert await shelf.scan(mode=mode) == {"added": count}
    (release,) = await shelf.table("releases")
    assert (release["artist"], release["date"], release["disc_total"]) == ("Various Artists", "2012", 3)
    assert {row["release_id"] for row in await shelf.table("tracks")} == {release["id"]}
    assert [row["digest"] is None for row in await shelf.table("folders")] == [False, False]
    assert await shelf.scan() == {"unchanged": count}
    assert shelf.opened == []
    # One of them changes: the whole folder is grouped again.
    shelf.tree.retag("Huge/0500.mpc", artist="Singer 0", album="Everything", date="1999", discnumber="4")
    assert await shelf.scan(mode=mode) == {"updated": 1, "unchanged": count - 1}
    assert len(shelf.opened) == 1
    (after,) = await shelf.table("releases")
    assert (after["id"], after["date"], after["disc_total"]) == (release["id"], "1999", 4)
    assert "Genre 1" in {row["name"] for row in await shelf.table("genres")}


async def test_a_rescan_counts_updated_where_something_differs_and_keeps_every_row(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    count = fill(shelf.tree)
    await shelf.outcome()

    # As a reader that knew less would have left it.
    async def forget(connection: object) -> None:
        from sqlalchemy import text

        await connection.execute(text("UPDATE media_files SET reading_hash = 1 WHERE name_text = '07.ape'"))  # type: ignore[attr-defined]
        await connection.execute(  # type: ignore[attr-defined]
            text(
                "UPDATE tracks SET title = 'Old' WHERE file_id = "
                "(SELECT id FROM media_files WHERE name_text = '07.ape')"
            )
        )

    good = await catalogue.rows(shelf.database)
    await shelf.database.write(forget)
    for mode in Mode:
        outcome = await shelf.outcome(rescan=True, mode=mode)
        updated = 1 if mode is Mode.BATCHED else 0
        assert outcome.counters.updated == updated
        assert outcome.counters.unchanged == count - 2 - updated
        assert outcome.counters.failed == 2
        after = await catalogue.rows(shelf.database)
        for name in good.keys() - {*catalogue.RECORDS, "problems"}:
            assert without(after[name], *READ) == without(good[name], *READ) or name == "media_files", name
        assert sorted(without(after["media_files"], *READ), key=lambda row: row["id"]) == sorted(
            without(good["media_files"], *READ), key=lambda row: row["id"]
        )
    await new_shelf.as_if_new(shelf)


async def test_a_new_reader_reads_only_what_older_ones_read(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.tree.add("Ada/First/01 one.mpc")
    shelf.tree.add("Bix/Other/01 two.mpc")
    kind = KINDS["music"].kind
    assert await shelf.scan() == {"added": 2}
    monkeypatch.setattr(kind, "version", kind.version + 1)
    shelf.tree.add("Cy/Third/01 three.mpc")
    # A part of the library first: only its files are up to date then.
    assert await shelf.scan(within=[(0, "Cy")]) == {"added": 1}
    assert (await shelf.library()).reader_version == kind.version - 1
    before = await catalogue.dump(shelf.database)
    assert await shelf.scan() == {"unchanged": 3}
    assert sorted(os.path.basename(path) for path in shelf.opened) == ["01 one.mpc", "01 two.mpc"]
    assert (await shelf.library()).reader_version == kind.version
    assert {row["parser_version"] for row in await shelf.table("media_files")} == {kind.version}
    after = await catalogue.dump(shelf.database)
    assert without(after["tracks"]) == without(before["tracks"])
    assert await shelf.scan() == {"unchanged": 3}
    assert shelf.opened == []


# Files younger than the settle time


async def rescanned(shelf: Shelf, settle_seconds: float) -> dict[str, int]:
    shelf.app.settings = shelf.app.settings.model_copy(update={"settle_seconds": settle_seconds})
    return await shelf.scan()


async def test_a_young_file_is_catalogued_looked_at_again_and_not_read_again(
    new_shelf: NewShelf, database_kind: str
) -> None:
    shelf = await new_shelf(database_kind, settle_seconds=3600)
    shelf.tree.add("Ada/First/01 one.mp3")
    shelf.tree.add("Ada/First/02 two.mp3")
    assert await shelf.scan() == {"added": 2}
    assert {row["unsettled"] for row in await shelf.table("media_files")} == {True}
    digests = {os.fsdecode(row["path"]): row["digest"] for row in await shelf.table("folders")}
    assert digests["Ada/First"] is None
    assert digests["Ada"] is not None
    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": 2}
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
    # One of them changes while it is young: read again, flagged again.
    shelf.tree.retag("Ada/First/01 one.mp3", title="Anew", artist="Ada", album="First")
    assert await shelf.scan() == {"updated": 1, "unchanged": 1}
    assert len(shelf.opened) == 1
    # Old enough now: nothing is read, the flag goes, the digest is stored.
    assert await rescanned(shelf, 0) == {"unchanged": 2}
    assert shelf.opened == []
    assert {row["unsettled"] for row in await shelf.table("media_files")} == {False}
    assert None not in {row["digest"] for row in await shelf.table("folders")}
    settled = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": 2}
    assert catalogue.kept(await catalogue.rows(shelf.database)) == settled
    await new_shelf.as_if_new(shelf)


async def test_a_young_file_may_go_and_move(new_shelf: NewShelf, database_kind: str) -> None:
    shelf = await new_shelf(database_kind, settle_seconds=3600)
    for number in range(4):
        shelf.tree.add(f"Ada/First/{number}.mp3")
    assert await shelf.scan() == {"added": 4}
    ids = await shelf.ids()
    shelf.tree.delete("Ada/First/0.mp3")
    shelf.tree.move("Ada/First/1.mp3", "Bix/1.mp3")
    assert await shelf.scan() == {"moved": 1, "unchanged": 2, "removed": 1}
    assert (await shelf.ids())["Bix/1.mp3"] == ids["Ada/First/1.mp3"]
    assert await rescanned(shelf, 0) == {"unchanged": 3}
    assert {row["unsettled"] for row in await shelf.table("media_files") if row["status"] != "missing"} == {
        False
    }
    await new_shelf.as_if_new(shelf)


async def test_times_in_the_future_count_as_settled(new_shelf: NewShelf, database_kind: str) -> None:
    shelf = await new_shelf(database_kind, settle_seconds=0.000001)
    path = shelf.tree.add("Ada/First/01 one.mp3")
    os.utime(path, ns=(0, 2**62))
    assert await shelf.scan() == {"added": 1}
    assert await shelf.scan() == {"unchanged": 1}
    assert shelf.opened == []
    (row,) = await shelf.table("media_files")
    assert row["unsettled"] is False
    assert row["mtime_ns"] == 2**62


async def test_a_part_of_a_library_is_scanned_by_itself_in_either_mode(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    tree: Tree = shelf.tree
    for name in ("A/X/1.mpc", "A/Y/1.mpc", "B/X/1.mpc"):
        tree.add(name)
    assert await shelf.scan(within=[(0, "A/X"), (0, "B")], mode=Mode.SYNC) == {"added": 2}
    assert await shelf.scan(within=[(0, "A")]) == {"added": 1, "unchanged": 1}
    assert await shelf.scan() == {"unchanged": 3}
    await new_shelf.as_if_new(shelf)
    assert Scope(1, b"A").overlaps(Scope(1, b"A/X"))
    assert Audio is KINDS["music"].kind.item_type
