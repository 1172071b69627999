"""Names are bytes (DESIGN rule 14): whatever a disk holds is catalogued, and found again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from shelfread.store.problems import open_problems
from tests import catalogue
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEMS: dict[str, bytes] = {
    "newline": b"one\ntwo\r\nthree",
    "tab and bell": b"\ta\x07b\x7f",
    "every control character": bytes(range(1, 32)),
    "escape sequence": b"\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "latin-1": b"caf\xe9 \xff\xfe",
    "torn utf-8": b"\xe2\x82 \xf0\x9f \xed\xa0\x80",
    "overlong utf-8": b"\xc0\xae\xc0\xae",
    "nfc": "\u00e1\u1e69".encode(),
    "nfd": "a\u0301s\u0323\u0307".encode(),
    "right to left": "\u202emp3.evil\u2066".encode(),
    "zero width": "\u200b\ufeff\u00ad".encode(),
    "outside the basic plane": "\U0001d11e\U0001f3b5".encode(),
    "markup": b"[red]x[bold] [[blink]] [link=x]y \\[dim]",
    "html": b"<script>alert(1)<& \"'`",
    "sql": b"'; DROP TABLE media_files; --",
    "like pattern": b"%_\\%",
    "format strings": b"%s %d %n {0} {name} ${HOME} $(reboot) `id`",
    "placeholders": b"? ?1 :name @name $1 %(x)s",
    "option": b"-rf --json",
    "home": b"~root",
    "blanks around": b"  a  ",
    "only blanks": b"   ",
    "dots at the end": b"a...",
    "two dots": b".",
    "backslashes": b"a\\b\\..\\c",
    "drive": b"C:",
    "device": b"CON",
    "glob": b"*?[a-z]{b,c}!",
    "comment": b"# not a comment",
    "json": b'{"a": "\\u0000"}',
    "longest": b"x" * 251,
    "longest, no utf-8": b"\xff" * 251,
    "longest, wide": ("\u4e66" * 83).encode(),
}
NAMES = [stem + b".mp3" for stem in STEMS.values()]


def _fill(shelf: Shelf, folders: Sequence[bytes], names: Sequence[bytes]) -> set[str]:
    """The same small song under every name in every folder; gives their paths below the root."""
    content = shelf.tree.add("template.mp3", title="").read_bytes()
    shelf.tree.delete("template.mp3")
    made = set()
    for folder, name in itertools.product(folders, names):
        path = os.path.join(bytes(shelf.tree.path), folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(content)
        made.add(os.fsdecode(os.path.join(folder, name)))
    return made


async def test_every_name_is_catalogued_once_and_stays_as_it_is(shelf: Shelf, new_shelf: NewShelf) -> None:
    made = _fill(shelf, [b"", b"Ann/First"], NAMES)
    assert await shelf.scan() == {"added": len(made)}
    assert set(await shelf.files()) == made
    assert await shelf.problems() == set()
    # Something to show, for each, and nothing that a terminal or a database could choke on.
    for path, track in (await shelf.tracks()).items():
        assert track["title"], path
        assert "\0" not in track["title"]
        track["title"].encode()
    for row in (await shelf.files()).values():
        assert row["name_text"] == row["name"].decode("utf-8", "replace")
    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": len(made)}
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
    assert await shelf.scan(rescan=True) == {"unchanged": len(made)}
    await new_shelf.as_if_new(shelf)


async def test_folders_may_have_such_names_too(shelf: Shelf) -> None:
    stems = [stem for stem in STEMS.values() if stem != b"."]
    made = _fill(shelf, [b"Ann/" + stem for stem in stems], [b"a.mp3"])
    assert await shelf.scan() == {"added": len(made)}
    assert {row["path"] for row in await shelf.table("folders")} == {
        b"",
        b"Ann",
        *(b"Ann/" + stem for stem in stems),
    }
    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": len(made)}
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
    # Each is found again by itself, below or beside any other.
    library = await shelf.library()
    for stem in stems[::5]:
        counters = await shelf.scan(within=[(0, os.fsdecode(b"Ann/" + stem))])
        assert counters == {"unchanged": 1}
    assert library.roots[0].path == bytes(shelf.tree.path)


async def test_twins_that_differ_in_normal_form_or_case_are_two_files(shelf: Shelf) -> None:
    twins = ["\u00e1.mp3", "a\u0301.mp3", "\u00c1.mp3", "A\u0301.mp3", "\u212b.mp3", "\u00c5.mp3"]
    made = _fill(shelf, [b"Ann/First"], [name.encode() for name in twins])
    if len({entry.name for entry in (shelf.tree / "Ann/First").iterdir()}) < len(twins):
        pytest.skip("this filesystem takes these names for one")
    assert await shelf.scan() == {"added": len(twins)}
    ids = await shelf.ids()
    assert set(ids) == made
    (shelf.tree / "Ann/First" / twins[0]).unlink()
    shelf.tree.retag(f"Ann/First/{twins[1]}", title="changed")
    assert await shelf.scan() == {"updated": 1, "removed": 1, "unchanged": len(twins) - 2}
    assert await shelf.missing() == {f"Ann/First/{twins[0]}"}
    assert {path: row["id"] for path, row in (await shelf.files()).items()} == ids


async def test_renaming_through_every_name_keeps_the_row(shelf: Shelf) -> None:
    _fill(shelf, [b"Ann/First"], [b"start.mp3"])
    await shelf.scan()
    (row_id,) = (await shelf.ids()).values()
    folder = os.path.join(bytes(shelf.tree.path), b"Ann/First")
    last = b"start.mp3"
    for name in NAMES[::6]:
        os.rename(os.path.join(folder, last), os.path.join(folder, name))
        last = name
        assert await shelf.scan() == {"moved": 1}
        assert await shelf.ids() == {os.fsdecode(b"Ann/First/" + name): row_id}


async def test_problems_of_such_names_are_told_by_their_bytes(shelf: Shelf) -> None:
    for name in NAMES:
        (shelf.tree.path / os.fsdecode(name)).write_bytes(b"")
    assert await shelf.scan() == {"failed": len(NAMES)}
    found = await open_problems(shelf.database, library_id=shelf.library_id)
    assert {problem.path for problem in found} == {bytes(shelf.tree.path) + b"/" + name for name in NAMES}
    assert {problem.code for problem in found} == {"empty_file"}
    for problem in found:
        assert problem.detail
        assert "\n" not in problem.detail


@pytest.mark.parametrize(
    "stem", ["newline", "latin-1", "markup", "sql", "blanks around", "longest, no utf-8"]
)
async def test_roots_may_have_such_names(new_shelf: NewShelf, tmp_path: Path, stem: str) -> None:
    from tests.conftest import Tree

    tree = Tree(tmp_path / os.fsdecode(STEMS[stem]))
    shelf = await new_shelf(trees=[tree])
    tree.add("Ann/First/a.mp3")
    assert await shelf.scan() == {"added": 1}
    assert await shelf.scan() == {"unchanged": 1}
    assert (await shelf.library()).roots[0].path == bytes(tree.path)


async def test_hidden_and_unfinished_names_are_left_alone(shelf: Shelf) -> None:
    hidden = [b".hidden.mp3", b"._a.mp3", b"a.mp3~", b"a.mp3.part", b"a.mp3.crdownload", b".mp3", b"mp3"]
    shown = [b"..And Oceans.mp3", b"...mp3", b"a.MP3", b"a.b.Mp3"]
    _fill(shelf, [b"", b"#recycle", b"@eaDir", b".hidden"], hidden)
    made = _fill(shelf, [b""], shown)
    assert await shelf.scan() == {"added": len(shown)}
    assert set(await shelf.files()) == made
