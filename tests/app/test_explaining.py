"""Where a path lies among the libraries, and what a scan of each makes of it (C18)."""

from __future__ import annotations

import os
from pathlib import Path

from shelfread.app.explaining import Explanations, top_of
from shelfread.model.library import Library, LibraryOptions, Root
from shelfread.scan.verdict import RuleText, Why


def _library(number: int, kind: str, *roots: Path, ignore: tuple[str, ...] = ()) -> Library:
    made = tuple(Root(number * 10 + at, number, bytes(root)) for at, root in enumerate(roots))
    return Library(number, f"L{number}", kind, LibraryOptions(ignore=ignore), made)


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_c18_a_path_is_explained_once_for_each_library_that_it_lies_in(tmp_path: Path) -> None:
    _write(tmp_path, "all/books/a.cbz", "other/b.cbz")
    libraries = [
        _library(1, "books", tmp_path / "other", tmp_path / "all" / "books", ignore=("*.tmp", "a.*")),
        _library(2, "music", tmp_path / "all"),
    ]
    books, music = Explanations(libraries).of(bytes(tmp_path / "all/books/a.cbz"), "music")
    assert (books.library, books.root, books.relative) == (
        libraries[0],
        bytes(tmp_path / "all/books"),
        b"a.cbz",
    )
    assert books.verdict.decided_by.rule == RuleText(None, 2, b"a.*")
    assert (music.relative, music.verdict.decided_by.why) == (b"books/a.cbz", Why.OTHER_SUFFIX)
    (root,) = Explanations(libraries).of(bytes(tmp_path / "other"), "music")
    assert (root.verdict.taken, root.verdict.decided_by.why) == (True, Why.ROOT)


def test_a_path_is_found_by_its_other_name_too_when_a_link_leads_to_it(tmp_path: Path) -> None:
    _write(tmp_path, "disk/books/a.cbz")
    (tmp_path / "books").symlink_to("disk/books")
    (tmp_path / "disk/books/l.cbz").symlink_to("a.cbz")
    explanations = Explanations([_library(1, "books", tmp_path / "books")])
    for path, why in (
        ("books/a.cbz", Why.MEDIA),
        ("disk/books/a.cbz", Why.MEDIA),
        ("disk/books/l.cbz", Why.LINK),
    ):
        (found,) = explanations.of(bytes(tmp_path / path), "music")
        assert found.library is not None
        assert (found.relative, found.verdict.decided_by.why) == (os.fsencode(os.path.basename(path)), why)


def test_outside_of_all_libraries_rules_are_heeded_from_the_topmost_ignore_file_on(tmp_path: Path) -> None:
    _write(tmp_path, "x/a/b/one.cbz", "y/two.cbz")
    (tmp_path / "x" / ".shelfignore").write_text("b/\n")
    (tmp_path / "x/a/b" / ".ignore").touch()
    assert top_of(bytes(tmp_path / "x/a/b/one.cbz")) == bytes(tmp_path / "x")
    assert top_of(bytes(tmp_path / "y/two.cbz")) == bytes(tmp_path / "y")
    assert top_of(b"/") == b"/"
    (found,) = Explanations([]).of(bytes(tmp_path / "x/a/b/one.cbz"), "books")
    assert (found.library, found.root) == (None, bytes(tmp_path / "x"))
    assert found.verdict.decided_by.rule == RuleText(b".shelfignore", 1, b"b/")
    (found,) = Explanations([]).of(bytes(tmp_path / "y/two.cbz"), "books")
    assert found.verdict.taken
    (found,) = Explanations([]).of(bytes(tmp_path / "y/gone.cbz"), "books")
    assert (found.verdict.taken, found.verdict.decided_by.why) == (None, Why.NOT_THERE)
    (found,) = Explanations([]).of(b"/", "books")
    assert found.verdict.taken
