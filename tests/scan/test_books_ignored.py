"""Ignore rules over books, through real scans: what is left out, what comes back, which series that makes
(C18, C19, C20, by both patterns of C21)."""

from __future__ import annotations

import pytest

from shelfread.model.library import LibraryOptions, Pattern
from tests.books_on_disk import cbz
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATTERNS = pytest.mark.parametrize("pattern", [Pattern.SERIES, Pattern.COLLECTION])

#: What C19 and C20 say, word for word, with a comment.
RULES = "# beside the books\nextras/\n!extras/include-me.cbz\n"
BOOKS = (
    "Ada/one.cbz",
    "Ada/extras/a.cbz",
    "Ada/extras/b.cbz",
    "Ada/extras/deep/c.cbz",
    "Ada/extras/include-me.cbz",
    "Bix/two.cbz",
)
HIDDEN = {"Ada/extras/a.cbz", "Ada/extras/b.cbz", "Ada/extras/deep/c.cbz"}


def fill(shelf: Shelf) -> None:
    for name in BOOKS:
        cbz(shelf.tree / name, seed=sum(name.encode()))


async def shelves(shelf: Shelf) -> dict[str, set[str]]:
    """The series that have a book which is not missing."""
    return {title: books for title, books in (await shelf.shelves()).items() if books}


def expected(pattern: str, extras: set[str]) -> dict[str, set[str]]:
    """The series when these of the folder `extras` are taken."""
    if pattern == Pattern.COLLECTION:
        return {"Ada": {"Ada/one.cbz"} | extras, "Bix": {"Bix/two.cbz"}}
    made = {"Ada": {"Ada/one.cbz"}, "Bix": {"Bix/two.cbz"}}
    return made | ({"extras": extras} if extras else {})


@PATTERNS
@pytest.mark.parametrize("name", [".shelfignore", ".stumpignore", ".ndignore", ".ignore"])
@pytest.mark.parametrize("above", [True, False])
async def test_c18_c19_c20_the_book_that_is_brought_back_is_the_only_one_of_its_folder(
    new_book_shelf: NewShelf, pattern: str, name: str, above: bool
) -> None:
    shelf = await new_book_shelf(options=LibraryOptions(pattern=pattern))
    fill(shelf)
    rules = RULES if not above else RULES.replace("extras/include", "Ada/extras/include")
    shelf.tree.write(name if above else f"Ada/{name}", rules)
    assert await shelf.scan() == {"added": 3}
    assert await shelves(shelf) == expected(pattern, {"Ada/extras/include-me.cbz"})
    # Nothing else of it has a row, not as missing either.
    assert set(await shelf.files()) == set(BOOKS) - HIDDEN
    assert await shelf.scan() == {"unchanged": 3}


@PATTERNS
async def test_c20_no_series_is_made_of_a_folder_that_is_left_out_as_a_whole(
    new_book_shelf: NewShelf, pattern: str
) -> None:
    shelf = await new_book_shelf(options=LibraryOptions(pattern=pattern))
    fill(shelf)
    shelf.tree.write("Ada/.shelfignore", "extras/\n")
    assert await shelf.scan() == {"added": 2}
    assert await shelf.shelves() == expected(pattern, set())


@PATTERNS
async def test_c18_c20_a_rule_that_comes_and_goes_hides_books_and_gives_them_back_with_their_ids(
    new_book_shelf: NewShelf, pattern: str, database_kind: str
) -> None:
    shelf = await new_book_shelf(database_kind, options=LibraryOptions(pattern=pattern))
    fill(shelf)
    assert await shelf.scan() == {"added": 6}
    ids, series = await shelf.ids(), {row["title"]: row["id"] for row in await shelf.table("series")}
    before = await shelf.shelves()
    shelf.tree.write("Ada/.shelfignore", RULES)
    outcome = await shelf.outcome()
    assert (outcome.counters.removed, outcome.held) == (3, 0)
    assert [(each.files, each.file, each.line) for each in outcome.hidden] == [(3, b"Ada/.shelfignore", 2)]
    assert await shelf.missing() == HIDDEN
    assert await shelves(shelf) == expected(pattern, {"Ada/extras/include-me.cbz"})
    shelf.tree.write("Ada/.shelfignore", "# nothing\n")
    assert await shelf.scan() == {"restored": 3, "unchanged": 3}
    assert shelf.opened == []
    assert await shelf.ids() == ids
    assert await shelf.shelves() == before
    assert {row["title"]: row["id"] for row in await shelf.table("series")} == series


@PATTERNS
async def test_c18_c19_c20_rules_of_the_library_have_the_same_meaning(
    new_book_shelf: NewShelf, pattern: str
) -> None:
    rules = ("# beside the books", "extras/", "!/Ada/extras/include-me.cbz")
    shelf = await new_book_shelf(options=LibraryOptions(pattern=pattern, ignore=rules))
    fill(shelf)
    assert await shelf.scan() == {"added": 3}
    assert await shelves(shelf) == expected(pattern, {"Ada/extras/include-me.cbz"})
    # A file of the tree has the last word.
    shelf.tree.write("Ada/.shelfignore", "!extras/a.cbz\n")
    assert await shelf.scan() == {"added": 1, "unchanged": 3}
    two = {"Ada/extras/include-me.cbz", "Ada/extras/a.cbz"}
    assert await shelves(shelf) == expected(pattern, two)


@PATTERNS
@pytest.mark.parametrize("name", [".nomedia", ".ignore", ".ndignore"])
async def test_c18_an_empty_file_hides_its_folder_with_all_below(
    new_book_shelf: NewShelf, pattern: str, name: str
) -> None:
    shelf = await new_book_shelf(options=LibraryOptions(pattern=pattern))
    fill(shelf)
    shelf.tree.write(f"Ada/extras/{name}", "")
    assert await shelf.scan() == {"added": 2}
    assert await shelf.shelves() == expected(pattern, set())
    shelf.tree.delete(f"Ada/extras/{name}")
    assert await shelf.scan() == {"added": 4, "unchanged": 2}


async def test_c18_what_lies_beside_a_book_is_left_out_with_its_folder(book_shelf: Shelf) -> None:
    fill(book_shelf)
    book_shelf.tree.write("Ada/extras/series.json", '{"metadata": {"type": "comicSeries", "name": "Hidden"}}')
    book_shelf.tree.write("Ada/.shelfignore", RULES)
    assert await book_shelf.scan() == {"added": 3}
    assert "Hidden" not in await book_shelf.shelves()
