"""The whole catalogue as plain values, to compare two of them or the same one at two moments.

`rows` is every row as it is, ids and times included. `dump` says the same without what may differ between
two catalogues of one library: ids become what they stand for (paths, keys), times and the records of jobs
go. `audit` is what must be true of every catalogue between two scans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import text

from shelfread.store import tables
from shelfread.store.database import Database

#: Every table by its name, those that others refer to before them.
TABLES = {table.name: table for table in tables.metadata.sorted_tables}
Row = dict[str, Any]
Rows = dict[str, list[Row]]

#: The records of scans, and what numbers them.
RECORDS = (
    "library_scan_jobs",
    "job_events",
    "job_logs",
    "workers",
    "schedules",
    "config",
    "id_counters",
    "search_rows",
    "search_due",
    "conversions",
    "covers",
    "cover_due",
    "tidy_due",
)
#: Rows of a kind that belong to one file.
_OF_FILES = ("tracks", "track_credits", "track_genres", "books", "book_credits", "book_tags", "videos")
#: Items of videos, by the number that their words have.
_ITEMS = {6: "movies", 7: "shows", 8: "episodes"}
_TIMES = {"added_at", "seen_at", "missing_at", "found_at", "created_at", "until"}
#: What only a filesystem gives and no one else can repeat.
STAMP = frozenset({"ctime_ns", "inode", "device", "mtime_ns", "identity"})
INODE = frozenset({"ctime_ns", "inode", "device", "identity"})


async def rows(database: Database, *names: str) -> Rows:
    """Every row of every table, or of those named, as it is, in the order of its values."""
    found: Rows = {name: [] for name in names or TABLES}
    # Most tables are empty in most tests: one question says which.
    empty = ", ".join(f"EXISTS (SELECT 1 FROM {name})" for name in found)
    # No thread has to be waited for between two questions.
    at_once, database.at_once = database.at_once, True
    try:
        async with database.read() as connection:
            filled = (await connection.exec_driver_sql(f"SELECT {empty}")).one()
            for name in (name for name, some in zip(found, filled, strict=True) if some):
                result = await connection.execute(TABLES[name].select())
                found[name] = sorted(map(dict, result.mappings()), key=repr)
    finally:
        database.at_once = at_once
    return found


async def versions(database: Database) -> dict[str, list[str]]:
    """The version of each row that PostgreSQL keeps: another one after any write, even of equal values."""
    found: dict[str, list[str]] = {}
    async with database.read() as connection:
        for name in TABLES:
            if name not in RECORDS:
                result = await connection.execute(text(f"SELECT xmin::text, ctid::text FROM {name}"))
                found[name] = sorted(f"{row[0]} {row[1]}" for row in result)
    return found


def kept(found: Rows) -> Rows:
    """The rows without the records of scans."""
    return {name: content for name, content in found.items() if name not in RECORDS}


async def dump(
    database: Database, *, without: Collection[str] = (), present_only: bool = False
) -> dict[str, list[Row]]:
    """The catalogue without surrogate ids, times and the records of jobs.

    Args:
        without: columns to leave out as well (`STAMP`, `INODE`).
        present_only: leave out missing files, and whatever only they refer to.
    """
    return dumped(await rows(database), without=without, present_only=present_only)


def dumped(found: Rows, *, without: Collection[str] = (), present_only: bool = False) -> dict[str, list[Row]]:
    """The same of rows that were loaded before."""
    if present_only:
        found = _present(found)
    library = {row["id"]: row["name"] for row in found["libraries"]}
    root = {row["id"]: row["path"] for row in found["roots"]}
    folder = {row["id"]: (root[row["root_id"]], row["path"]) for row in found["folders"]}
    file = {row["id"]: (*folder[row["folder_id"]], row["name"]) for row in found["media_files"]}
    artist = {row["id"]: row["key"] for row in found["artists"]}
    genre = {row["id"]: row["key"] for row in found["genres"]}
    release = {row["id"]: row["key"] for row in found["releases"]}
    series = {row["id"]: row["key"] for row in found["series"]}
    video = {
        name: {row["id"]: _video_key(row["key"], root) for row in found[name]} for name in _ITEMS.values()
    }
    season = {row["id"]: (video["shows"][row["show_id"]], row["number"]) for row in found["seasons"]}
    of: dict[str, Callable[[Any], Any]] = {
        "library_id": library.__getitem__,
        "root_id": root.__getitem__,
        "folder_id": folder.__getitem__,
        "parent_id": folder.__getitem__,
        "file_id": file.__getitem__,
        "artist_id": artist.__getitem__,
        "genre_id": genre.__getitem__,
        "release_id": release.__getitem__,
        "series_id": lambda row_id: _series_place(series[row_id], root),
        "movie_id": video["movies"].__getitem__,
        "show_id": video["shows"].__getitem__,
        "episode_id": video["episodes"].__getitem__,
        "season_id": season.__getitem__,
        "of_key": lambda key: _video_key(key, root),
    }
    dropped = {"id", "old_id", "job_seq", "read_job", "changed_by", "change", *_TIMES, *without}
    result: dict[str, list[Row]] = {}
    for name, content in kept(found).items():
        plain = [
            {
                key: of[key](value) if key in of and value is not None else value
                for key, value in row.items()
                if key not in dropped
            }
            for row in content
        ]
        if name == "series":
            # The root is named in the key by its id.
            for row in plain:
                row["key"] = _series_place(row["key"], root)
        for row in plain:
            if name in _ITEMS.values():
                row["key"] = _video_key(row["key"], root)
            elif name in ("video_credits", "video_tags"):
                row["item_id"] = video[_ITEMS[row["kind"]]][row["item_id"]]
        result[name] = sorted(plain, key=repr)
    return result


def _video_key(key: str, root: dict[int, bytes]) -> tuple[bytes, str]:
    """A key that holds in one root only names that root by its id."""
    root_id, slash, rest = key.partition("/")
    return (root[int(root_id)], rest) if slash and root_id.isdigit() else (b"", key)


def _series_place(key: bytes, root: dict[int, bytes]) -> tuple[bytes, bytes]:
    root_id, _, path = key.partition(b"/")
    return root[int(root_id)], path


def _present(found: Rows) -> Rows:
    """Without missing files, aliases, former places, and empty folders and parents that only they keep."""
    result = dict(found)
    missing = {row["id"] for row in found["media_files"] if row["status"] == "missing"}
    result["media_files"] = [row for row in found["media_files"] if row["id"] not in missing]
    for name in (*_OF_FILES, "problems", "aliases"):
        result[name] = [row for row in found[name] if row.get("file_id") not in missing]
    result["aliases"] = result["former_places"] = []
    series = {row["series_id"] for row in result["books"]}
    result["series"] = [row for row in found["series"] if row["id"] in series]
    for name, column, table in (
        ("movies", "movie_id", "videos"),
        ("episodes", "episode_id", "videos"),
        ("shows", "show_id", "episodes"),
        ("seasons", "season_id", "episodes"),
    ):
        there = {row[column] for row in result[table]}
        result[name] = [row for row in found[name] if row["id"] in there]
    there = {(kind, row["id"]) for kind, name in _ITEMS.items() for row in result[name]}
    for name in ("video_credits", "video_tags"):
        result[name] = [row for row in found[name] if (row["kind"], row["item_id"]) in there]
    releases = {row["release_id"] for row in result["tracks"]}
    result["releases"] = [row for row in found["releases"] if row["id"] in releases]
    result["release_credits"] = [row for row in found["release_credits"] if row["release_id"] in releases]
    artists = {row["artist_id"] for name in ("track_credits", "release_credits") for row in result[name]}
    result["artists"] = [row for row in found["artists"] if row["id"] in artists]
    genres = {row["genre_id"] for row in result["track_genres"]}
    result["genres"] = [row for row in found["genres"] if row["id"] in genres]
    gone_from = {row["folder_id"] for row in found["media_files"] if row["id"] in missing}
    while True:
        used = {row["folder_id"] for name in ("media_files", "sidecars", "problems") for row in result[name]}
        used |= {row["parent_id"] for row in result["folders"]}
        left = [row for row in result["folders"] if row["id"] in used or row["id"] not in gone_from]
        if len(left) == len(result["folders"]):
            return result
        gone_from |= {row["parent_id"] for row in result["folders"] if row not in left}
        result["folders"] = left


def audit(found: Rows) -> list[str]:
    """Everything that is wrong with a catalogue in itself; empty for a good one between two scans."""
    wrong: list[str] = []

    def check(name: str, bad: Collection[Any]) -> None:
        if bad:
            wrong.append(f"{name}: {sorted(map(repr, bad))[:5]}")

    files = {row["id"]: row for row in found["media_files"]}
    tracks = {row["file_id"]: row for row in found["tracks"]}
    books = {row["file_id"]: row for row in found["books"]}
    videos = {row["file_id"]: row for row in found["videos"]}
    kinds = Counter(file_id for kind in (tracks, books, videos) for file_id in kind)
    check("files without an item", files.keys() - kinds.keys())
    check("files of two kinds", [file_id for file_id, count in kinds.items() if count > 1])
    for name, column, table in (
        ("movies", "movie_id", "videos"),
        ("episodes", "episode_id", "videos"),
        ("shows", "show_id", "episodes"),
        ("seasons", "season_id", "episodes"),
    ):
        there = {row[column] for row in found[table]}
        check(f"{name} of nothing", [row["id"] for row in found[name] if row["id"] not in there])
    check("shows left stale", [row["title"] for row in found["shows"] if row["stale"]])
    check(
        "films of no movie, or episodes of no show",
        [
            row["base"]
            for row in videos.values()
            if (row["type"] == "movie") != (row["movie_id"] is not None)
            or (row["type"] == "episode") != (row["episode_id"] is not None)
        ],
    )
    items = {(kind, row["id"]) for kind, name in _ITEMS.items() for row in found[name]}
    words = {(row["kind"], row["item_id"]) for name in ("video_credits", "video_tags") for row in found[name]}
    check("words of nothing", words - items)
    used_series = {row["series_id"] for row in books.values()}
    check("series without a book", {row["id"] for row in found["series"]} - used_series)
    check("books without a series", [row["title"] for row in books.values() if row["series_id"] is None])
    check("series left stale", [row["title"] for row in found["series"] if row["stale"]])
    used_releases = {row["release_id"] for row in tracks.values()} - {None}
    check("releases without a track", {row["id"] for row in found["releases"]} - used_releases)
    used = {row["artist_id"] for name in ("track_credits", "release_credits") for row in found[name]}
    check("artists nobody credits", {row["key"] for row in found["artists"] if row["id"] not in used})
    used = {row["genre_id"] for row in found["track_genres"]}
    check("genres without a track", {row["key"] for row in found["genres"] if row["id"] not in used})
    check(
        "missing without a time, or the reverse",
        [
            row["name"]
            for row in files.values()
            if (row["status"] == "missing") != (row["missing_at"] is not None)
        ],
    )
    in_trouble = {row["file_id"] for row in found["problems"]}
    check(
        "status error without a problem, or the reverse",
        [
            (row["name"], row["status"])
            for row in files.values()
            if row["status"] != "missing" and (row["status"] == "error") != (row["id"] in in_trouble)
        ],
    )
    check("removals neither settled nor held", [row for row in found["removals"] if not row["held"]])
    check("aliases of living rows", [row for row in found["aliases"] if row["old_id"] in files])
    check("aliases that lead nowhere", [row for row in found["aliases"] if row["file_id"] not in files])
    check("libraries left untidy", [row["name"] for row in found["libraries"] if row["untidy"]])
    numbers = Counter(row["id"] for row in found["media_files"])
    check("ids used twice", [number for number, count in numbers.items() if count > 1])
    unsettled = {
        row["folder_id"] for row in files.values() if row["unsettled"] and row["status"] != "missing"
    }
    check(
        "folders believed though a file in them is unsettled",
        [row["path"] for row in found["folders"] if row["id"] in unsettled and row["digest"] is not None],
    )
    return wrong
