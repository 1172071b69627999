"""`shelfread export` and `import`: by file and by pipe, in words and in JSON; a library that comes back."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

from tests.cli.conftest import Shelf


def test_a_lost_catalogue_is_exported_imported_and_scanned_to_the_same_ids(
    shelf: Shelf, empty_catalogue: Path
) -> None:
    shelf.sound("Ann/One/song.mp3")
    shelf.sound(b"Ann/One/\xff.mp3")
    assert shelf.run("scan", shelf.music, "--kind", "music").code == 0
    target = shelf.folder / "shelf.jsonl"
    made = shelf.call("export", target, "--json").json()
    assert (made["libraries"], made["files"], made["missing"], made["path"]) == (1, 2, 0, str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    first, *_, last = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert (first["type"], first["version"], last["type"]) == ("shelfread-export", 1, "end")

    assert "has libraries already" in shelf.refused("import", target, code=1)
    assert "is there already" in shelf.refused("export", target)

    for path in (shelf.folder / "home").glob("shelfread.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copyfile(empty_catalogue, shelf.folder / "home" / "shelfread.db")
    tried = shelf.call("import", target, "--dry-run", "--json").json()
    assert (tried["dry_run"], tried["files"]) == (True, 2)
    assert shelf.libraries() == []
    with target.open("rb") as file:
        ended = shelf.run("import", "-", stdin=file.read())
    assert ended.code == 0, ended
    assert "Imported 1 library, 2 files" in ended.out
    assert [library["name"] for library in shelf.libraries()] == ["Music"]
    scanned = shelf.run("scan", shelf.music, "--json").json()
    assert (scanned["items_added"], scanned["items_updated"]) == (0, 2)

    again = shelf.call("export", "-")
    assert again.code == 0
    assert "exported 1 library, 2 files" in again.err

    def files(text: bytes) -> list[bytes]:
        return sorted(line for line in text.splitlines() if b'"type":"file"' in line)

    assert files(again.out.encode()) == files(target.read_bytes())


def test_what_cannot_be_read_or_written_is_said_in_one_line(shelf: Shelf) -> None:
    bad = shelf.folder / "bad"
    bad.write_text("{}\n")
    assert "no export of Shelfread's" in shelf.refused("import", bad, code=1)
    assert "No such file" in shelf.refused("import", shelf.folder / "none", code=1)
    assert "No such file" in shelf.refused("export", shelf.folder / "no" / "x", code=1)
    assert not list(shelf.folder.glob("*.unfinished"))
