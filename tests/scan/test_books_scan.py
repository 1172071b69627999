"""Books through real scans of real folders: series, facts, errors that heal, sidecars (C1-C13, C21)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from shelfread.model.library import LibraryOptions, Pattern
from shelfread.scan.plan import Mode, RootsUnavailable
from shelfread.store import series as series_rows
from tests import catalogue
from tests.books_on_disk import archive, cbz, epub, opf
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: The example of PROMISES C21.
EXAMPLE = (
    "Author A/one.cbz",
    "Author B/two.cbz",
    "Author B/Mistborn/1.cbz",
    "Author B/Mistborn/2.cbz",
    "Author B/Mistborn/3.cbz",
    "Author C/LotR/1.cbz",
    "Author C/LotR/2.cbz",
    "Author C/LotR/3.cbz",
)


def _fill(tree: Tree, names: tuple[str, ...] = EXAMPLE) -> None:
    for name in names:
        cbz(tree / name, seed=sum(name.encode()))


async def test_c1_c2_c21_every_folder_with_books_is_a_series(book_shelf: Shelf) -> None:
    _fill(book_shelf.tree)
    assert await book_shelf.scan() == {"added": 8}
    assert await book_shelf.shelves() == {
        "Author A": {"Author A/one.cbz"},
        "Author B": {"Author B/two.cbz"},
        "Mistborn": {f"Author B/Mistborn/{n}.cbz" for n in (1, 2, 3)},
        "LotR": {f"Author C/LotR/{n}.cbz" for n in (1, 2, 3)},
    }


async def test_c21_by_collection_what_lies_below_a_root_folds_into_its_children(
    new_book_shelf: NewShelf, database_kind: str
) -> None:
    options = LibraryOptions(pattern=Pattern.COLLECTION)
    shelf = await new_book_shelf(database_kind, options=options)
    _fill(shelf.tree)
    cbz(shelf.tree / "loose.cbz")
    assert await shelf.scan() == {"added": 9}
    shelves = await shelf.shelves()
    assert {title: len(books) for title, books in shelves.items()} == {
        "Author A": 1,
        "Author B": 4,
        "Author C": 3,
        "Books": 1,
    }


async def test_c21_books_in_the_root_are_a_series_named_after_its_folder(book_shelf: Shelf) -> None:
    cbz(book_shelf.tree / "one.cbz")
    await book_shelf.scan()
    assert await book_shelf.shelves() == {"books": {"one.cbz"}}


async def test_c13_c21_another_pattern_counts_from_the_next_scan_on_and_reads_nothing(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    _fill(book_shelf.tree)
    await book_shelf.scan()
    ids = await book_shelf.ids()
    for pattern, series in ((Pattern.COLLECTION, 3), (Pattern.SERIES, 4)):
        await book_shelf.app.libraries.change(book_shelf.library_id, options=LibraryOptions(pattern=pattern))
        assert await book_shelf.scan() == {"unchanged": 8}
        assert book_shelf.opened == []
        assert len(await book_shelf.shelves()) == series
        assert await book_shelf.ids() == ids
        await new_book_shelf.as_if_new(book_shelf)


async def test_c21_the_series_of_the_root_has_the_name_that_its_pattern_gives(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    cbz(book_shelf.tree / "one.cbz")
    await book_shelf.scan()
    for pattern, name in ((Pattern.COLLECTION, "Books"), (Pattern.SERIES, "books")):
        await book_shelf.app.libraries.change(book_shelf.library_id, options=LibraryOptions(pattern=pattern))
        assert await book_shelf.scan() == {"unchanged": 1}
        assert set(await book_shelf.shelves()) == {name}
        await new_book_shelf.as_if_new(book_shelf)


async def test_c6_c7_what_a_book_says_wins_over_its_name(book_shelf: Shelf) -> None:
    info = {
        "Title": "The Long Way",
        "Series": "Saga",
        "Number": "7",
        "Writer": "Brian K. Vaughan",
        "Year": 2012,
        "Month": 11,
        "Publisher": "Image",
        "Genre": "Fantasy, Science Fiction",
    }
    cbz(book_shelf.tree / "x/Wrong 001 (1999).cbz", info=info, pages=3)
    cbz(book_shelf.tree / "y/Right 002 (2001).cbz")
    await book_shelf.scan()
    books = await book_shelf.books()
    told = books["x/Wrong 001 (1999).cbz"]
    assert (told["title"], told["series"], told["number"], told["date"], told["pages"]) == (
        "The Long Way",
        "Saga",
        "7",
        "2012-11",
        3,
    )
    assert json.loads(told["more"]).get("guessed", []) == []
    named = books["y/Right 002 (2001).cbz"]
    assert (named["number_sort"], named["year"], named["series"]) == (2, 2001, None)
    assert "number" in json.loads(named["more"])["guessed"]
    assert set(await book_shelf.shelves()) == {"Saga", "y"}
    credited = await book_shelf.table("book_credits")
    assert [(row["role"], row["name"]) for row in credited] == [("writer", "Brian K. Vaughan")]
    assert {row["name"] for row in await book_shelf.table("book_tags")} == {"Fantasy", "Science Fiction"}


async def test_a_large_series_is_derived_once_and_searched_by_what_it_is_called_in_the_end(
    book_shelf: Shelf, new_book_shelf: NewShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_rows, "SMALL", 2)
    for number in range(4):
        cbz(book_shelf.tree / f"x/{number}.cbz", info={"Series": "Told"})
    await book_shelf.scan(mode=Mode.SYNC)
    (row,) = await book_shelf.table("series")
    assert row["title"] == "Told"
    newest = max(await book_shelf.table("search_due"), key=lambda one: one["seq"])
    # The last transaction noted it again: what was made searchable before had the name of the folder.
    assert json.loads(newest["items"]) == {"4": [row["id"]]}
    await new_book_shelf.as_if_new(book_shelf)


async def test_books_of_several_series_leave_their_folder_its_name(book_shelf: Shelf) -> None:
    for number, series in enumerate(("One", "Two", "Two")):
        cbz(book_shelf.tree / f"Author/{number}.cbz", info={"Series": series})
    await book_shelf.scan()
    assert set(await book_shelf.shelves()) == {"Author"}


async def test_books_stand_in_the_order_of_their_numbers(book_shelf: Shelf) -> None:
    for name in ("S 10", "S 9", "S 1.5", "S 1", "Other"):
        cbz(book_shelf.tree / f"S/{name}.cbz")
    await book_shelf.scan()
    rows = sorted(await book_shelf.table("books"), key=lambda row: row["place"])
    assert [row["number_sort"] for row in rows] == [1, 1.5, 9, 10, None]


async def test_a_second_scan_changes_no_row_and_opens_no_book(book_shelf: Shelf) -> None:
    _fill(book_shelf.tree)
    epub(book_shelf.tree / "Texts/a.epub", "A Text", creators=["Ann"])
    book_shelf.tree.write("Texts/series.json", json.dumps({"metadata": {"name": "Told"}}))
    await book_shelf.scan()
    before = catalogue.kept(await catalogue.rows(book_shelf.database))
    assert await book_shelf.scan() == {"unchanged": 9}
    assert book_shelf.opened == []
    assert catalogue.kept(await catalogue.rows(book_shelf.database)) == before


async def test_a6_a_rescan_reads_everything_and_changes_nothing(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    _fill(book_shelf.tree)
    epub(book_shelf.tree / "Texts/a.epub", "A Text", creators=["Ann"], series="Texts of Ann")
    await book_shelf.scan()
    assert await book_shelf.scan(rescan=True) == {"unchanged": 9}
    await new_book_shelf.as_if_new(book_shelf)


async def test_c8_c9_sync_and_batched_end_in_the_same_catalogue(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    _fill(book_shelf.tree)
    cbz(book_shelf.tree / "T/1.cbz", info={"Series": "Told", "Number": 1})
    book_shelf.tree.write("T/series.json", json.dumps({"metadata": {"name": "Best", "year": 1990}}))
    await book_shelf.scan(mode=Mode.SYNC)
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_series_json_names_the_series_and_its_going_takes_that_back(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    cbz(book_shelf.tree / "x/1.cbz", info={"Series": "By the book"})
    await book_shelf.scan()
    (series,) = await book_shelf.table("series")
    assert series["title"] == "By the book"
    facts = {"name": "By the folder", "publisher": "Who", "year": 1988, "total_issues": 12}
    book_shelf.tree.write("x/series.json", json.dumps({"metadata": facts}))
    assert await book_shelf.scan() == {"unchanged": 1}
    (told,) = await book_shelf.table("series")
    assert (told["id"], told["title"], told["publisher"], told["total"]) == (
        series["id"],
        "By the folder",
        "Who",
        12,
    )
    await new_book_shelf.as_if_new(book_shelf)
    book_shelf.tree.delete("x/series.json")
    assert await book_shelf.scan() == {"unchanged": 1}
    (again,) = await book_shelf.table("series")
    assert again["title"] == "By the book"
    await new_book_shelf.as_if_new(book_shelf)


@pytest.mark.parametrize("name", ["a.opf", "metadata.opf"])
async def test_an_opf_beside_a_book_wins_and_only_its_books_are_read_again(
    book_shelf: Shelf, new_book_shelf: NewShelf, name: str
) -> None:
    epub(book_shelf.tree / "Ann/a.epub", "Inside", creators=["Ann"])
    epub(book_shelf.tree / "Ann/b.epub", "Other", creators=["Ann"])
    await book_shelf.scan()
    ids = await book_shelf.ids()
    book_shelf.tree.write(f"Ann/{name}", opf("Beside", creators=["Bea"]))
    counts = await book_shelf.scan()
    of_both = name == "metadata.opf"
    assert counts == ({"updated": 2} if of_both else {"updated": 1, "unchanged": 1})
    read = {os.path.basename(path) for path in book_shelf.opened if path.endswith(".epub")}
    assert read == ({"a.epub", "b.epub"} if of_both else {"a.epub"})
    assert (await book_shelf.books())["Ann/a.epub"]["title"] == "Beside"
    await new_book_shelf.as_if_new(book_shelf)
    book_shelf.tree.delete(f"Ann/{name}")
    await book_shelf.scan()
    assert (await book_shelf.books())["Ann/a.epub"]["title"] == "Inside"
    assert await book_shelf.ids() == ids
    await new_book_shelf.as_if_new(book_shelf)


async def test_c3_a_damaged_book_is_an_error_with_a_code_and_heals_by_itself(book_shelf: Shelf) -> None:
    good = cbz(book_shelf.tree / "S/1.cbz").read_bytes()
    path = book_shelf.tree / "S/2.cbz"
    archive(path, {"readme.txt": b"no page"})
    (book_shelf.tree / "S/3.cbz").write_bytes(b"")
    (book_shelf.tree / "S/4.cbz").write_bytes(b"this is no archive at all")
    assert await book_shelf.scan() == {"added": 1, "failed": 3}
    assert await book_shelf.problems() == {
        ("S/2.cbz", "no_pages"),
        ("S/3.cbz", "empty_file"),
        ("S/4.cbz", "wrong_format"),
    }
    files = await book_shelf.files()
    assert {name: row["status"] for name, row in files.items()} == {
        "S/1.cbz": "ready",
        "S/2.cbz": "error",
        "S/3.cbz": "error",
        "S/4.cbz": "error",
    }
    assert await book_shelf.shelves() == {"S": set(files)}
    # Known to be bad and not changed: neither tried again nor forgotten.
    assert await book_shelf.scan() == {"unchanged": 4}
    assert book_shelf.opened == []
    ids = await book_shelf.ids()
    for number in (2, 3, 4):
        (book_shelf.tree / f"S/{number}.cbz").unlink()
        cbz(book_shelf.tree / f"S/{number}.cbz")
    assert (await book_shelf.scan()).keys() == {"updated", "unchanged"}
    assert await book_shelf.problems() == set()
    assert await book_shelf.ids() == ids
    assert (book_shelf.tree / "S/1.cbz").read_bytes() == good


async def test_a_comic_whose_description_is_broken_is_kept_with_its_pages(book_shelf: Shelf) -> None:
    cbz(book_shelf.tree / "S/1.cbz", more={"ComicInfo.xml": b"<ComicInfo><Series>Half"})
    assert await book_shelf.scan() == {"failed": 1}
    assert await book_shelf.problems() == {("S/1.cbz", "metadata_unreadable")}
    assert (await book_shelf.books())["S/1.cbz"]["pages"] == 2


async def test_a_renamed_folder_keeps_its_series_and_its_books(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    _fill(book_shelf.tree)
    await book_shelf.scan()
    ids = await book_shelf.ids()
    series = {row["title"]: row["id"] for row in await book_shelf.table("series")}
    book_shelf.tree.move("Author B/Mistborn", "Author B/The Final Empire")
    assert await book_shelf.scan() == {"moved": 3, "unchanged": 5}
    after = {row["title"]: row["id"] for row in await book_shelf.table("series")}
    assert after == {
        ("The Final Empire" if title == "Mistborn" else title): row_id for title, row_id in series.items()
    }
    moved = await book_shelf.ids()
    for number in (1, 2, 3):
        assert moved[f"Author B/The Final Empire/{number}.cbz"] == ids[f"Author B/Mistborn/{number}.cbz"]
    await new_book_shelf.as_if_new(book_shelf)


async def test_a_comic_that_is_retagged_and_moved_keeps_its_id(book_shelf: Shelf) -> None:
    cbz(book_shelf.tree / "A/one.cbz", seed=7, info={"Series": "Before"})
    await book_shelf.scan()
    ids = await book_shelf.ids()
    book_shelf.tree.delete("A/one.cbz")
    cbz(book_shelf.tree / "B/uno.cbz", seed=7, info={"Series": "After", "Title": "Anew"})
    assert await book_shelf.scan() == {"moved": 1}
    assert await book_shelf.ids() == {"B/uno.cbz": ids["A/one.cbz"]}
    assert (await book_shelf.books())["B/uno.cbz"]["title"] == "Anew"


async def test_what_was_deleted_is_missing_and_comes_back_with_its_id(book_shelf: Shelf) -> None:
    _fill(book_shelf.tree)
    await book_shelf.scan()
    ids = await book_shelf.ids()
    content = (book_shelf.tree / "Author A/one.cbz").read_bytes()
    book_shelf.tree.delete("Author A/one.cbz")
    outcome = await book_shelf.outcome()
    assert outcome.counters.removed == 1
    assert await book_shelf.missing() == {"Author A/one.cbz"}
    book_shelf.tree.write("Author A/one.cbz", content)
    assert await book_shelf.scan() == {"restored": 1, "unchanged": 7}
    assert await book_shelf.ids() == ids


async def test_a_disk_that_is_away_takes_no_book(book_shelf: Shelf, tmp_path: Path) -> None:
    _fill(book_shelf.tree)
    await book_shelf.scan()
    ids = await book_shelf.ids()
    for letter in "ABC":
        (book_shelf.tree / f"Author {letter}").rename(tmp_path / letter)
    with pytest.raises(RootsUnavailable):
        await book_shelf.outcome()
    assert await book_shelf.ids() == ids


async def test_a_format_is_told_by_content_and_not_by_suffix(book_shelf: Shelf) -> None:
    rar = Path(__file__).parents[2].parent / "shared" / "fixtures" / "books" / "book.rar"
    if not rar.exists():
        pytest.skip("the shared fixtures are not here")
    book_shelf.tree.write("S/really-rar.cbz", rar.read_bytes())
    cbz(book_shelf.tree / "S/really-zip.cbr")
    await book_shelf.scan()
    books = await book_shelf.books()
    assert books["S/really-rar.cbz"]["container"] == "rar"
    assert books["S/really-zip.cbr"]["container"] == "zip"
