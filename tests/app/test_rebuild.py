"""A lost catalogue comes back from an export with the same ids, dates and aliases: on either database."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.app.export_lines import encoded
from shelfread.app.exporting import exported
from shelfread.app.importing import take_in
from shelfread.model.library import LibraryOptions
from shelfread.queue.schedule import Schedules
from shelfread.store import config, exporting, ignoring
from shelfread.store.database import Database
from shelfread.store.problems import open_problems
from shelfread.store.tables import problems
from tests import catalogue
from tests.books_on_disk import cbz
from tests.conftest import NewShelf, Shelf, Tree
from tests.videos_on_disk import put_all

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def export_of(database: Database) -> bytes:
    return b"".join([encoded(line) async for line in exported(database)])


async def rebuilt(shelf: Shelf, maker: NewShelf) -> Shelf:
    """The same library in a new catalogue on the other database, which knows what the export says."""
    text = await export_of(shelf.database)
    app = await maker.app("postgresql" if shelf.database.is_sqlite else "sqlite", 0)
    await take_in(app.database, io.BytesIO(text))
    return Shelf(app, shelf.library_id, shelf.trees, shelf.pools)


async def scan(shelf: Shelf) -> None:
    """Scan without the checks of `Shelf`: a missing file of a rebuilt catalogue has no item."""
    await shelf.app.scan(await shelf.library(), pools=shelf.pools)


async def kept(shelf: Shelf) -> dict[str, Any]:
    """What only an export can bring back: ids, dates, aliases; by what they are of."""
    rows = await catalogue.rows(shelf.database)
    root = {row["id"]: row["path"] for row in rows["roots"]}
    folder = {row["id"]: (root[row["root_id"]], row["path"]) for row in rows["folders"]}
    found: dict[str, Any] = {
        "libraries": {row["name"]: (row["id"], row["created_at"]) for row in rows["libraries"]},
        "roots": {row["path"]: row["id"] for row in rows["roots"]},
        "files": {
            (*folder[row["folder_id"]], row["name"]): (row["id"], row["added_at"], row["missing_at"])
            for row in rows["media_files"]
        },
        "aliases": sorted((row["old_id"], row["file_id"]) for row in rows["aliases"]),
        "seasons": {row["id"]: (row["show_id"], row["number"], row["added_at"]) for row in rows["seasons"]},
    }
    for table in exporting.BY_KEY:
        found[table.name] = {row["key"]: (row["id"], row.get("added_at")) for row in rows[table.name]}
    return found


async def check_rebuilt(shelf: Shelf, maker: NewShelf) -> Shelf:
    new = await rebuilt(shelf, maker)
    outcome = await new.outcome()
    assert outcome.counters.added == outcome.counters.removed == 0, outcome
    before, after = await kept(shelf), await kept(new)
    for name, content in before.items():
        assert after[name] == content, name
    mine, theirs = await catalogue.dump(new.database), await catalogue.dump(shelf.database)
    for name in theirs.keys() - {"libraries"}:
        assert mine[name] == theirs[name], name
    # And an export of it says the same, but for when it was made.
    assert (await new.outcome()).counters.unchanged == len(before["files"])
    return new


async def test_music_comes_back_with_its_ids_dates_and_aliases(shelf: Shelf, new_shelf: NewShelf) -> None:
    for name in ("Ann/One/1.mp3", "Ann/One/2.flac", "Bea/Two/3.mp3", "Bea/Two/4.mp3"):
        shelf.tree.add(name, genre="Jazz")
    (shelf.tree / "odd").mkdir()
    os.rename(shelf.tree.add("odd/x.mp3"), os.fsencode(shelf.tree / "odd") + b"/\xff.mp3")
    await shelf.scan()
    # Renamed and retagged: found again by its sound, and its second id becomes an alias.
    shelf.tree.move("Ann/One/1.mp3", "Cy/Three/one.mp3")
    shelf.tree.retag("Cy/Three/one.mp3", artist="Cy", album="Three")
    shelf.tree.add("Dee/Four/5.mp3")
    await shelf.scan()
    assert (await kept(shelf))["aliases"]
    assert await shelf.table("former_places")
    await check_rebuilt(shelf, new_shelf)


async def test_what_was_set_aside_stays_so_until_it_changes(shelf: Shelf, new_shelf: NewShelf) -> None:
    names = ("A/One/1.mp3", "A/One/2.mp3", "A/One/3.mp3", "A/One/4.mp3")
    for name in names:
        shelf.tree.write(name, b"")
    os.mkfifo(shelf.tree / "A/One/pipe.mp3")
    await shelf.scan()

    async def aside(of: Shelf) -> set[str]:
        found = await shelf_problems(of)
        return {name for name, ignored_at in found.items() if ignored_at is not None}

    async def set_aside(connection: Any) -> None:
        for row in await connection.execute(sa.select(problems.c.id, problems.c.path)):
            if not row.path.endswith(b"4.mp3"):
                await ignoring.ignore(connection, row.id, 123)

    await shelf.database.write(set_aside)
    everything = {*names, "A/One/pipe.mp3"}
    assert await aside(shelf) == everything - {"A/One/4.mp3"}
    new = await rebuilt(shelf, new_shelf)
    # Before any scan nobody is asked of them, and of what was not set aside nothing is known.
    assert await aside(new) == everything - {"A/One/4.mp3"}
    shelf.tree.write("A/One/2.mp3", b"still no sound")
    shelf.tree.delete("A/One/3.mp3")
    await scan(new)
    assert await aside(new) == {"A/One/1.mp3", "A/One/pipe.mp3"}
    assert (await shelf_problems(new)).keys() >= {"A/One/2.mp3", "A/One/4.mp3"}
    assert {row["ignored_at"] for row in await new.table("problems")} >= {123, None}


async def shelf_problems(shelf: Shelf) -> dict[str, int | None]:
    """Problems of files that are there, by path: since when each is set aside."""
    found = await open_problems(shelf.database)
    root = os.fsencode(shelf.tree.path) + b"/"
    return {os.fsdecode(one.path.removeprefix(root)): one.ignored_at for one in found}


async def test_books_and_their_series_come_back(book_shelf: Shelf, new_book_shelf: NewShelf) -> None:
    for number, name in enumerate(("Saga/Saga 1.cbz", "Saga/Saga 2.cbz", "Ann/Tides/Tides 1.cbz"), 1):
        cbz(book_shelf.tree / name, seed=number, info={"Series": name.split("/")[-2], "Number": number})
    await book_shelf.scan()
    book_shelf.tree.move("Saga", "The Saga")
    await book_shelf.scan()
    await check_rebuilt(book_shelf, new_book_shelf)


async def test_movies_shows_seasons_and_episodes_come_back(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    put_all(
        video_shelf.tree.path,
        [
            "Harbour (2001)/Harbour (2001) - 1080p.mkv",
            "Harbour (2001)/Harbour (2001)-trailer.mp4",
            *(f"Tides (2010)/Season {season}/Tides S0{season}E01.mkv" for season in (1, 2)),
        ],
    )
    await video_shelf.scan()
    await check_rebuilt(video_shelf, new_video_shelf)


async def test_what_moved_or_went_missing_before_the_rebuild_keeps_its_id(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for name in ("A/One/1.mp3", "A/One/2.mp3", "A/One/3.mp3"):
        shelf.tree.add(name)
    # Two of one content: which of them goes is not for an import to guess.
    shelf.tree.add("A/One/twin a.mp3", seed=7)
    shelf.tree.add("B/Two/twin b.mp3", seed=7)
    away = shelf.tree.path.parent / "away.mp3"
    await shelf.scan()
    os.rename(shelf.tree / "A/One/3.mp3", away)
    await shelf.scan()
    before = (await kept(shelf))["files"]
    ids = await shelf.ids()
    new = await rebuilt(shelf, new_shelf)
    shelf.tree.move("A/One/1.mp3", "Z/Nine/other.mp3")
    shelf.tree.delete("A/One/twin a.mp3")
    await scan(new)
    now = await new.ids()
    assert now["Z/Nine/other.mp3"] == ids["A/One/1.mp3"]
    assert now["A/One/2.mp3"] == ids["A/One/2.mp3"]
    assert now["B/Two/twin b.mp3"] == ids["B/Two/twin b.mp3"]
    os.rename(away, shelf.tree / "A/One/3.mp3")
    await scan(new)
    there = {path[1:]: facts for path, facts in (await kept(new))["files"].items()}
    was = {path[1:]: facts for path, facts in before.items()}
    assert there[b"A/One", b"3.mp3"][:2] == was[b"A/One", b"3.mp3"][:2]
    assert there[b"A/One", b"3.mp3"][2] is None


async def test_a_disk_that_is_away_when_the_catalogue_is_rebuilt_loses_nothing(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for name in ("A/One/1.mp3", "A/One/2.mp3"):
        shelf.tree.add(name)
    await shelf.scan()
    before = await kept(shelf)
    new = await rebuilt(shelf, new_shelf)
    elsewhere = shelf.tree.path.parent / "elsewhere"
    shelf.tree.path.rename(elsewhere)
    shelf.tree.path.mkdir()
    with pytest.raises(Exception, match="is empty, but the catalogue knows files in it"):
        await scan(new)
    shelf.tree.path.rmdir()
    elsewhere.rename(shelf.tree.path)
    await new.outcome()
    assert await kept(new) == before


async def test_ids_of_rows_that_are_pruned_are_not_given_out_again(shelf: Shelf, new_shelf: NewShelf) -> None:
    shelf.tree.add("A/One/1.mp3")
    await shelf.scan()
    new = await rebuilt(shelf, new_shelf)
    next_of = {row["name"]: row["next"] for row in (await catalogue.rows(shelf.database))["id_counters"]}
    shelf.tree.add("B/Two/new.mp3")
    await new.outcome()
    ids = await new.ids()
    assert ids["B/Two/new.mp3"] >= next_of["media_files"]
    artists = {row["name"]: row["id"] for row in await new.table("artists")}
    assert artists["B"] >= next_of["artists"]


async def test_options_schedules_and_settings_come_back(shelf: Shelf, new_shelf: NewShelf) -> None:
    options = LibraryOptions(ignore=("*.tmp",), thumbnail_quality=55, thumbnail_scale=0.5)
    await shelf.app.libraries.change(shelf.library_id, options=options)
    await Schedules(shelf.database).put(shelf.library_id, "0 3 * * *", "Europe/Berlin")
    await shelf.database.write(lambda connection: config.put(connection, "analyzer_scan_job_timeout", 3600))
    new = await rebuilt(shelf, new_shelf)
    assert (await new.library()).options == options
    (schedule,) = await Schedules(new.database).every(shelf.library_id)
    assert (schedule.cron, schedule.zone, schedule.next_run_at) == ("0 3 * * *", "Europe/Berlin", None)
    async with new.database.read() as connection:
        assert await config.get(connection, "analyzer_scan_job_timeout") == 3600


async def test_an_export_knows_what_an_import_told_and_no_scan_has_met(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for name in ("A/One/1.mp3", "B/Two/2.mp3"):
        shelf.tree.add(name)
    await shelf.scan()
    new = await rebuilt(shelf, new_shelf)
    again = [line for line in (await export_of(new.database)).splitlines() if b'"made_at"' not in line]
    once = [line for line in (await export_of(shelf.database)).splitlines() if b'"made_at"' not in line]

    def told(lines: list[bytes]) -> list[bytes]:
        return sorted(line for line in lines if b'"type":"counter"' not in line and b'"end"' not in line)

    assert told(again) == told(once)


async def test_an_export_is_of_one_moment_also_while_a_scan_writes(shelf: Shelf, new_shelf: NewShelf) -> None:
    shelf.tree.add("A/One/1.mp3")
    await shelf.scan()
    found = []
    async for line in exported(shelf.database):
        found.append(encoded(line))
        if len(found) == 2:
            shelf.tree.add("B/Two/2.mp3")
            await shelf.scan()
    text = b"".join(found)
    assert b"1.mp3" in text
    assert b"2.mp3" not in text


async def test_a_folder_of_a_new_catalogue_may_be_another_one(shelf: Shelf, new_shelf: NewShelf) -> None:
    """Only what is below the roots counts: an export of one machine is good on another."""
    shelf.tree.add("A/One/1.mp3")
    await shelf.scan()
    ids = await shelf.ids()
    text = await export_of(shelf.database)
    there = Tree(shelf.tree.path.parent / "elsewhere")
    shelf.tree.move("A", "../elsewhere/A")
    text = text.replace(str(shelf.tree.path).encode(), str(there.path).encode())
    app = await new_shelf.app("sqlite", 0)
    await take_in(app.database, io.BytesIO(text))
    new = Shelf(app, shelf.library_id, [there], shelf.pools)
    await new.outcome()
    assert await new.ids() == ids
