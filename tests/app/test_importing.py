"""What is no good export is refused with its line and the reason, and changes nothing."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from shelfread.app import App, open_app
from shelfread.app.export_check import BadExport
from shelfread.app.importing import take_in
from shelfread.settings import Settings
from shelfread.store.database import Database
from tests import catalogue

pytestmark = pytest.mark.asyncio(loop_scope="session")

Lines = list[dict[str, Any]]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def bare(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A catalogue without a row, for all that leave it so."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bare') / 'bare.db'}"
    async with open_app(Settings(database_url=url)) as opened:
        yield opened.database


GOOD: Lines = [
    {"type": "shelfread-export", "version": 1, "program": "1", "schema": "0012", "made_at": 1},
    {"type": "counter", "name": "media_files", "next": 50},
    {"type": "setting", "key": "analyzer_scan_job_timeout", "value": 3600},
    {
        "type": "library",
        "id": 3,
        "name": "Music",
        "kind": "music",
        "options": {"ignore": ["*.tmp"]},
        "created_at": 5,
        "roots": [{"id": 4, "path": "/srv/music"}],
        "schedules": [{"job": "scan", "cron": "0 3 * * *", "zone": "UTC"}],
    },
    {"type": "item", "library": 3, "table": "artists", "id": 9, "key": "ann"},
    {
        "type": "file",
        "id": 7,
        "root": 4,
        "path": "A/1.mp3",
        "size": 5,
        "added_at": 6,
        "aliases": [8],
        "former_places": [{"path": "/srv/old/1.mp3", "until": 3}],
    },
    {"type": "file", "id": 10, "root": 4, "path": "2.mp3", "size": 5, "signature": "00ff", "added_at": 6},
    {
        "type": "conversion",
        "file": 7,
        "source": "a.cbr",
        "source_size": 1,
        "source_mtime_ns": 1,
        "target": "a.cbz",
        "target_size": 1,
        "target_mtime_ns": 1,
        "converter": 1,
        "at": 1,
    },
    {"type": "not_same", "old": 7, "new": 10, "why": "content", "found_at": 1},
    {
        "type": "set_aside",
        "root": 4,
        "path": "A/1.mp3",
        "code": "truncated",
        "detail": "why",
        "found_at": 1,
        "at": 2,
        "file": 7,
        # A filesystem may say anything.
        "mtime_ns": (1 << 63) - 1,
    },
    {"type": "end", "lines": 11},
]
HEAD, COUNTER, SETTING, LIBRARY, ITEM, FILE, OTHER, CONVERSION, NOT_SAME, ASIDE, END = range(11)


def text_of(lines: Lines) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


async def refused(database: Database, text: bytes) -> str:
    before = await catalogue.rows(database)
    with pytest.raises(BadExport) as caught:
        await take_in(database, io.BytesIO(text))
    assert await catalogue.rows(database) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _set(number: int, **values: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[number].update(values)


def _without(number: int) -> Callable[[Lines], None]:
    return lambda lines: lines.__delitem__(number)


def _twice(number: int) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        lines.insert(number, lines[number])
        lines[-1]["lines"] += 1

    return change


_ROOT = {"id": 4, "path": "/srv/music"}
BAD: dict[str, tuple[Callable[[Lines], None], str]] = {
    "a newer version": (_set(HEAD, version=2, new_field=1), "newer Shelfread"),
    "version 0": (_set(HEAD, version=0), "no version 0"),
    "an unknown type": (_set(ITEM, type="x"), "line 5"),
    "an unknown field": (_set(FILE, more=1), "line 6"),
    "a wrong type": (_set(FILE, id="7"), "line 6"),
    "a fraction": (_set(FILE, id=7.5), "line 6"),
    "an id of no row": (_set(FILE, id=0), "line 6"),
    "a huge id": (_set(FILE, id=2**63), "line 6"),
    "an id of more than 48 bits": (_set(COUNTER, next=2**48), "line 2"),
    "a number without end": (_set(COUNTER, next=10**4000), "line 2"),
    "no base64": (_set(FILE, path_b64="***"), "base64"),
    "a path upwards": (_set(FILE, path="../x"), "no file can have"),
    "an absolute path": (_set(FILE, path="/x"), "not below a root"),
    "NUL in a path": (_set(FILE, path="a\0b"), "no file can have"),
    "no name": (_set(FILE, path="a/"), "no file can have"),
    "half of a character": (_set(FILE, path="\ud800"), "line 6"),
    "a long name": (_set(FILE, path="x" * 300), "no file can have"),
    "a deep path": (_set(FILE, path="/".join(["x" * 200] * 20)), "too long"),
    "a bad signature": (_set(FILE, signature="xyz"), "line 6"),
    "a reason that is none": (_set(FILE, missing_at=5, missing_reason="\x1b[2J"), "line 6"),
    "an unknown root": (_set(FILE, root=5), "root 5"),
    "a file twice": (_set(OTHER, id=7), "file 7"),
    "a path twice": (_set(OTHER, path="A/1.mp3"), "does not accept"),
    "an alias of itself": (_set(FILE, aliases=[7]), "the id 7"),
    "aliases in a circle": (_set(OTHER, aliases=[7]), "the id 7"),
    "an alias of two": (_set(OTHER, aliases=[8]), "the id 8"),
    "a former place of nowhere": (_set(FILE, former_places=[{"path": "x", "until": 1}]), "was before"),
    "a former place with NUL": (_set(FILE, former_places=[{"path": "/\0", "until": 1}]), "was before"),
    "a long former place": (_set(FILE, former_places=[{"path": "/x" * 4000, "until": 1}]), "was before"),
    "a former place of no time": (_set(FILE, former_places=[{"path": "/x"}]), "line 6"),
    "a problem of an unknown root": (_set(ASIDE, root=5), "root 5"),
    "a problem of an unknown file": (_set(ASIDE, file=99), "file 99"),
    "a problem of an unknown code": (_set(ASIDE, code="x"), "line 10"),
    "a problem that is absolute": (_set(ASIDE, path="/etc/passwd"), "below a root"),
    "a problem with a long path": (_set(ASIDE, path="x" * 3000), "below a root"),
    "a problem with a long story": (_set(ASIDE, detail="x" * 501), "line 10"),
    "a problem in a folder upwards": (_set(ASIDE, file=None, folder="a/../.."), "no file can have"),
    "a problem in a hidden folder": (
        _set(ASIDE, file=None, folder="", folder_b64=base64.b64encode(b"../x").decode()),
        "no file can have",
    ),
    "a problem in a folder with NUL": (_set(ASIDE, file=None, folder="a/\0"), "no file can have"),
    "a problem of no time": (_set(ASIDE, mtime_ns=1 << 63), "line 10"),
    "a problem twice": (_twice(ASIDE), "does not accept"),
    "an unknown table": (_set(ITEM, table="users"), "no table"),
    "an unknown library": (_set(ITEM, library=5), "library 5"),
    "an unknown kind": (_set(LIBRARY, kind="x"), "no kind"),
    "a root that is relative": (_set(LIBRARY, roots=[_ROOT | {"path": "srv"}]), "absolute"),
    "a root with dots": (_set(LIBRARY, roots=[_ROOT | {"path": "/srv/../etc"}]), "absolute"),
    "a root twice": (_set(LIBRARY, roots=[_ROOT, _ROOT]), "twice"),
    "an option of a wrong type": (_set(LIBRARY, options={"convert": "yes"}), "options"),
    "an option out of bounds": (_set(LIBRARY, options={"thumbnail_quality": 500}), "options"),
    "an unknown pattern": (_set(LIBRARY, options={"pattern": "x"}), "options"),
    "a bad ignore rule": (_set(LIBRARY, options={"ignore": ["a\nb"]}), "options"),
    "a bad schedule": (_set(LIBRARY, schedules=[{"job": "scan", "cron": "x", "zone": "UTC"}]), "schedule"),
    "a bad zone": (_set(LIBRARY, schedules=[{"job": "scan", "cron": "0 3 * * *", "zone": "x"}]), "zone"),
    "a bad job": (_set(LIBRARY, schedules=[{"job": "x", "cron": "0 3 * * *", "zone": "UTC"}]), "work"),
    "an unknown setting": (_set(SETTING, key="x"), "setting"),
    "a bad setting": (_set(SETTING, value="x"), "line 3"),
    "a conversion of nothing": (_set(CONVERSION, file=99), "file 99"),
    "another file than there is": (_set(NOT_SAME, new=99), "file 99"),
    "a wrong count": (_set(END, lines=12), "12 lines"),
    "a text that PostgreSQL refuses": (_set(ITEM, key="x" * 3000), "too long"),
    "no head": (_without(HEAD), "no export"),
    "two heads": (lambda lines: lines.insert(1, lines[0]), "line 2"),
    "no end": (_without(END), "cut off"),
    "more after the end": (lambda lines: lines.append(lines[1]), "after the end"),
    "files before their library": (lambda lines: lines.insert(1, lines[FILE]), "root 4"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_line_is_named_and_nothing_is_imported(bare: Database, name: str) -> None:
    change, reason = BAD[name]
    lines: Lines = json.loads(json.dumps(GOOD))
    change(lines)
    assert reason in await refused(bare, text_of(lines))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "cut off"),
        (b"\n", "no export"),
        (b"\x00\xff" * 100, "no export"),
        (b"[" * 100_000, "no export"),
        (b"SQLite format 3\0", "no export"),
        (text_of(GOOD)[:-5], "line 11"),
        (text_of(GOOD[:3]) + b'{"type":' + b"[" * 100_000, "line 4"),
        (text_of(GOOD[:3]) + b" " * (1 << 23), "line 4"),
    ],
    ids=["nothing", "an empty line", "bytes", "brackets", "a database", "cut", "deep", "huge"],
)
async def test_what_is_no_export_at_all_is_refused(bare: Database, text: bytes, reason: str) -> None:
    assert reason in await refused(bare, text)


async def test_a_dry_run_does_everything_and_keeps_nothing(app: App) -> None:
    before = await catalogue.rows(app.database)
    told = await take_in(app.database, io.BytesIO(text_of(GOOD)), dry_run=True)
    assert (told.libraries, told.files, told.items) == (1, 2, 1)
    assert await catalogue.rows(app.database) == before
    told = await take_in(app.database, io.BytesIO(text_of(GOOD)))
    assert (told.libraries, told.files, told.items) == (1, 2, 1)
    rows = await catalogue.rows(app.database)
    assert {row["id"] for row in rows["media_files"]} == {7, 10}
    (kept,) = rows["remembered"]
    assert (kept["subject"], kept["key"], kept["row_id"]) == ("artists", b"ann", 9)
    (place,) = rows["former_places"]
    assert (place["file_id"], place["path"], place["until"]) == (7, b"/srv/old/1.mp3", 3)
    (aside,) = rows["problems"]
    assert (aside["file_id"], aside["path"], aside["ignored_at"]) == (7, b"A/1.mp3", 2)
    assert {row["name"]: row["next"] for row in rows["id_counters"]}["media_files"] == 50


async def test_a_catalogue_that_has_libraries_is_left_alone(app: App) -> None:
    await app.libraries.add("Mine", "music", [b"/mine"])
    assert "has libraries already" in await refused(app.database, text_of(GOOD))
