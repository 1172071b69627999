"""What people do to their books between two scans, and what must come of it: counters, rows, ids, series.

Beside `test_books_scan`; what holds for files of every kind is in the lifecycle of music.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bench.corpus.books import make_pdf
from bench.corpus.containers import archive as packed
from tests import catalogue
from tests.books_on_disk import cbz, comicinfo, epub, page
from tests.conftest import NewShelf, Shelf, Tree, cover

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAGA = [f"Saga/Saga {number:03}.cbz" for number in (1, 2, 3)]
OTHER = ["Ann/Tides/Tides 1.cbz", "Ann/Tides/Tides 2.cbz"]
ALL = SAGA + OTHER


async def scanned(shelf: Shelf) -> dict[str, int]:
    """Fill the folder, scan it, and give the ids."""
    for number, name in enumerate(ALL, 1):
        cbz(shelf.tree / name, seed=number, info={"Series": name.split("/")[-2], "Number": name[-5]})
    assert await shelf.scan() == {"added": 5}
    return await shelf.ids()


async def series(shelf: Shelf) -> dict[str, int]:
    """The id of every series by its title."""
    return {row["title"]: row["id"] for row in await shelf.table("series")}


async def test_a_touched_book_is_read_and_nothing_else_of_it_changes(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    await scanned(book_shelf)
    before = await catalogue.rows(book_shelf.database)
    os.utime(book_shelf.tree / SAGA[0])
    assert await book_shelf.scan() == {"updated": 1, "unchanged": 4}
    assert book_shelf.opened == [str(book_shelf.tree / SAGA[0])]
    after = await catalogue.rows(book_shelf.database)
    for name in after.keys() - {"media_files", "folders", *catalogue.RECORDS}:
        assert after[name] == before[name], name
    await new_book_shelf.as_if_new(book_shelf)
    assert await book_shelf.scan() == {"unchanged": 5}
    assert book_shelf.opened == []


async def test_other_tags_in_a_comic_replace_those_of_before(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    path = book_shelf.tree / SAGA[0]
    cbz(path, seed=1, info={"Series": "Saga", "Writer": "Ann, Bea", "Genre": "Fantasy"})
    await book_shelf.scan()
    ids = await book_shelf.ids()
    cbz(path, seed=1, info={"Series": "Saga", "Title": "Anew", "Writer": "Cy", "Inker": "Bea"})
    assert await book_shelf.scan() == {"updated": 1}
    assert await book_shelf.ids() == ids
    assert (await book_shelf.books())[SAGA[0]]["title"] == "Anew"
    credited = {(row["role"], row["name"]) for row in await book_shelf.table("book_credits")}
    assert credited == {("writer", "Cy"), ("inker", "Bea")}
    assert await book_shelf.table("book_tags") == []
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_better_scan_under_the_same_name_is_the_same_book(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    cbz(book_shelf.tree / SAGA[0], seed=99, pages=5, info={"Series": "Saga", "Number": 1})
    assert await book_shelf.scan() == {"updated": 1, "unchanged": 4}
    assert await book_shelf.ids() == ids
    assert (await book_shelf.books())[SAGA[0]]["pages"] == 5
    await new_book_shelf.as_if_new(book_shelf)


@pytest.mark.parametrize(
    ("new", "in_series"),
    [
        ("Saga/Saga 004.cbz", "Saga"),
        ("Saga/SAGA 001.cbz", "Saga"),
        ("Ann/Tides/Tides 3.cbz", "Tides"),
        ("New/Place/Saga 001.cbz", "Saga"),
        ("Saga 001.cbz", "Saga"),
    ],
    ids=["renamed", "case only", "to another series", "to a new folder", "to the root"],
)
async def test_a_moved_book_keeps_its_row(
    book_shelf: Shelf, new_book_shelf: NewShelf, new: str, in_series: str
) -> None:
    ids = await scanned(book_shelf)
    before = await series(book_shelf)
    born = {row["id"]: row["added_at"] for row in await book_shelf.table("media_files")}
    book_shelf.tree.move(SAGA[0], new)
    assert await book_shelf.scan() == {"moved": 1, "unchanged": 4}
    assert await book_shelf.ids() == {new: ids[SAGA[0]], **{name: ids[name] for name in ALL[1:]}}
    assert {row["id"]: row["added_at"] for row in await book_shelf.table("media_files")} == born
    # What it says of itself is as before; where it stands is another thing.
    assert (await book_shelf.books())[new]["series"] == "Saga"
    rows = {row["id"]: row for row in await book_shelf.table("series")}
    assert rows[(await book_shelf.books())[SAGA[1]]["series_id"]]["id"] == before["Saga"]
    if in_series == "Tides":
        assert (await book_shelf.books())[new]["series_id"] == before["Tides"]
    await new_book_shelf.as_if_new(book_shelf)
    assert await book_shelf.scan() == {"unchanged": 5}
    assert book_shelf.opened == []


async def test_the_last_book_that_leaves_a_series_takes_its_row_along(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    before = await series(book_shelf)
    for name in OTHER:
        book_shelf.tree.move(name, name.replace("Ann/Tides/", "Saga/"))
    assert await book_shelf.scan() == {"moved": 2, "unchanged": 3}
    assert set((await book_shelf.ids()).values()) == set(ids.values())
    # Into a series that was there already: that one stays, and the empty one is gone.
    assert {row["id"] for row in await book_shelf.table("series")} == {before["Saga"]}
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_renamed_folder_above_keeps_the_series_below(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    cbz(book_shelf.tree / "Ann/Loose.cbz", info={"Series": "Loose"})
    assert await book_shelf.scan() == {"added": 1, "unchanged": 5}
    before = await series(book_shelf)
    book_shelf.tree.move("Ann", "Ann Other")
    assert await book_shelf.scan() == {"moved": 3, "unchanged": 3}
    now = await book_shelf.ids()
    assert {name: now[name.replace("Ann/", "Ann Other/")] for name in OTHER} == {
        name: ids[name] for name in OTHER
    }
    assert await series(book_shelf) == before
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_renamed_series_keeps_its_id_though_one_of_its_books_has_been_missing(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    before = await series(book_shelf)
    book_shelf.tree.move(SAGA[2], "../kept.cbz")
    assert await book_shelf.scan() == {"unchanged": 4, "removed": 1}
    book_shelf.tree.move("Saga", "Saga Anew")
    assert await book_shelf.scan() == {"moved": 2, "unchanged": 2}
    living = (await book_shelf.books())["Saga Anew/Saga 001.cbz"]
    assert living["series_id"] == before["Saga"]
    await new_book_shelf.as_if_new(book_shelf)
    # It comes back where it was: a series by itself now, since its folder is one.
    book_shelf.tree.write(SAGA[2], (book_shelf.tree / "../kept.cbz").read_bytes())
    assert await book_shelf.scan() == {"restored": 1, "unchanged": 4}
    assert (await book_shelf.ids())[SAGA[2]] == ids[SAGA[2]]
    books = await book_shelf.books()
    assert books["Saga Anew/Saga 001.cbz"]["series_id"] == before["Saga"] != books[SAGA[2]]["series_id"]
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_that_is_renamed_while_one_of_its_books_is_deleted_keeps_its_id(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    await scanned(book_shelf)
    before = await series(book_shelf)
    book_shelf.tree.delete(SAGA[2])
    book_shelf.tree.move("Saga", "Saga Anew")
    assert await book_shelf.scan() == {"moved": 2, "unchanged": 2, "removed": 1}
    living = (await book_shelf.books())["Saga Anew/Saga 001.cbz"]
    assert living["series_id"] == before["Saga"]
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_moves_and_another_book_moves_to_where_it_was(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    book_shelf.tree.move("Saga", "Saga Anew")
    book_shelf.tree.move(OTHER[0], "Saga/Tides 1.cbz")
    assert await book_shelf.scan() == {"moved": 4, "unchanged": 1}
    assert sorted((await book_shelf.ids()).values()) == sorted(ids.values())
    books = await book_shelf.books()
    assert books["Saga/Tides 1.cbz"]["series_id"] != books["Saga Anew/Saga 001.cbz"]["series_id"]
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_of_which_some_books_move_out_keeps_its_id(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    await scanned(book_shelf)
    before = await series(book_shelf)
    book_shelf.tree.move(SAGA[2], "Saga/Second cycle/Saga 003.cbz")
    assert await book_shelf.scan() == {"moved": 1, "unchanged": 4}
    books = await book_shelf.books()
    assert books[SAGA[0]]["series_id"] == before["Saga"]
    assert books["Saga/Second cycle/Saga 003.cbz"]["series_id"] not in before.values()
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_moves_between_the_roots_of_a_library_with_its_id(
    new_book_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_book_shelf(database_kind, trees=[here, there])
    ids = await scanned(shelf)
    cbz(there / "Cy/Third 1.cbz", info={"Series": "Third"})
    assert await shelf.scan() == {"added": 1, "unchanged": 5}
    before = await series(shelf)
    shutil.move(here / "Saga", there / "Saga")
    assert await shelf.scan() == {"moved": 3, "unchanged": 3}
    assert {name: number for name, number in (await shelf.ids()).items() if name in ids} == ids
    assert await series(shelf) == before
    await new_book_shelf.as_if_new(shelf)


@pytest.mark.parametrize("fmt", ["cbr", "cb7", "cbz"])
async def test_a_comic_that_somebody_packed_anew_keeps_its_id(
    book_shelf: Shelf, new_book_shelf: NewShelf, fmt: str
) -> None:
    pages = [(f"{number:03}.jpg", page(7000 + number)) for number in range(3)]
    book_shelf.tree.write(f"Saga/Saga 001.{fmt}", packed(fmt, pages))
    await book_shelf.scan()
    (row_id,) = (await book_shelf.ids()).values()
    # Another tool made a zip archive of it and described it: the same pages, another file.
    new = "Saga/Saga #1.cbz" if fmt == "cbz" else "Saga/Saga 001.cbz"
    book_shelf.tree.delete(f"Saga/Saga 001.{fmt}")
    book_shelf.tree.write(new, packed("cbz", [*pages, ("ComicInfo.xml", comicinfo({"Title": "Told"}))]))
    assert await book_shelf.scan() == {"moved": 1}
    assert await book_shelf.ids() == {new: row_id}
    assert (await book_shelf.books())[new]["title"] == "Told"
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_novel_that_is_retagged_and_moved_as_calibre_does_keeps_its_id(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    epub(book_shelf.tree / "Ann/Before (1)/Before - Ann.epub", "Before", creators=["Ann"])
    await book_shelf.scan()
    ids = await book_shelf.ids()
    content = (book_shelf.tree / "Ann/Before (1)/Before - Ann.epub").read_bytes()
    book_shelf.tree.move("Ann/Before (1)/Before - Ann.epub", "Ann Other/After (1)/After - Ann Other.epub")
    book_shelf.tree.delete("Ann")
    beside = b'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata'
    beside += b' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>After</dc:title></metadata></package>'
    book_shelf.tree.write("Ann Other/After (1)/metadata.opf", beside)
    assert await book_shelf.scan() == {"moved": 1}
    assert list((await book_shelf.ids()).values()) == list(ids.values())
    (book,) = await book_shelf.table("books")
    assert book["title"] == "After"
    assert (book_shelf.tree / "Ann Other/After (1)/After - Ann Other.epub").read_bytes() == content
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_pdf_that_is_copied_elsewhere_and_deleted_keeps_its_id(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    make_pdf(book_shelf.tree / "tides.pdf", seed=3)
    await book_shelf.scan()
    (row_id,) = (await book_shelf.ids()).values()
    # A move between disks: another inode, the same content.
    book_shelf.tree.copy("tides.pdf", "Papers/Tides.pdf")
    book_shelf.tree.delete("tides.pdf")
    assert await book_shelf.scan() == {"moved": 1}
    assert await book_shelf.ids() == {"Papers/Tides.pdf": row_id}
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_deleted_series_is_missing_and_comes_back_with_all_its_ids(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await scanned(book_shelf)
    before = await book_shelf.table("series")
    book_shelf.tree.move("Saga", "../Saga kept")
    assert await book_shelf.scan() == {"unchanged": 2, "removed": 3}
    assert await book_shelf.missing() == set(SAGA)
    await new_book_shelf.as_if_new(book_shelf)
    book_shelf.tree.move("../Saga kept", "Saga")
    assert await book_shelf.scan() == {"restored": 3, "unchanged": 2}
    assert await book_shelf.ids() == ids
    assert await book_shelf.table("series") == before
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_that_goes_all_at_once_is_held_until_somebody_decides(book_shelf: Shelf) -> None:
    for number in range(25):
        cbz(book_shelf.tree / f"Long/Long {number:03}.cbz", seed=200 + number, pages=1)
    cbz(book_shelf.tree / "Other/one.cbz")
    assert await book_shelf.scan() == {"added": 26}
    before = await book_shelf.table("series")
    book_shelf.tree.move("Long", "../Long kept")
    outcome = await book_shelf.outcome()
    assert outcome.held == 25
    assert await book_shelf.missing() == set()
    assert await book_shelf.table("series") == before
    book_shelf.tree.move("../Long kept", "Long")
    assert await book_shelf.scan() == {"unchanged": 26}


async def test_a_picture_beside_the_books_comes_and_goes_and_no_book_is_opened(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    await scanned(book_shelf)
    book_shelf.tree.write("Saga/cover.jpg", cover())
    assert await book_shelf.scan() == {"unchanged": 5}
    assert [path for path in book_shelf.opened if path.endswith(".cbz")] == []
    assert len(await book_shelf.table("sidecars")) == 1
    book_shelf.tree.move("Saga", "Saga Anew")
    assert await book_shelf.scan() == {"moved": 3, "unchanged": 2}
    await new_book_shelf.as_if_new(book_shelf)
    book_shelf.tree.delete("Saga Anew/cover.jpg")
    assert await book_shelf.scan() == {"unchanged": 5}
    assert await book_shelf.table("sidecars") == []
    await new_book_shelf.as_if_new(book_shelf)
