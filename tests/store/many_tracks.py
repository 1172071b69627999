"""A catalogue of very many tracks, made in seconds by the database itself, for questions about its plans."""

from __future__ import annotations

from shelfread.store.database import Database
from tests.store import many_rows

#: Every tenth release is of the second library's; every 50th file is missing, every 100th in trouble.
TRACKS = 60_000
_STEPS = """
INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at)
 VALUES (1, 'One', 'music', '{{}}', 1, false, 1), (2, 'Two', 'music', '{{}}', 1, false, 1);
INSERT INTO roots (id, library_id, path, path_text, state, confirmed)
 VALUES (1, 1, {one}, '/one', 'available', false), (2, 2, {two}, '/two', 'available', false);
INSERT INTO folders (id, root_id, path, path_text, mounted)
 SELECT i, 1 + (i % 10 = 0){int}, {bytes}, 'f' || i, false FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO media_files (id, folder_id, name, name_text, size, mtime_ns, ctime_ns, device, inode, status,
   unsettled, parser_version, read_job, added_at, seen_at, missing_at)
 SELECT i, 1 + (i - 1) / 10, {bytes}, i || '.mp3', 1000, 1, 1, 1, i,
   CASE WHEN i % 50 = 0 THEN 'missing' WHEN i % 100 = 1 THEN 'error' ELSE 'ready' END,
   false, 1, 1, (i * 7919) % 1000003, 1, CASE WHEN i % 50 = 0 THEN 1 END FROM {numbers} WHERE i <= {count};
INSERT INTO artists (id, library_id, key, name, sort_key)
 SELECT i, 1 + (i % 10 = 0){int}, 'artist ' || i, 'Artist ' || i, 'artist ' || i
 FROM {numbers} WHERE i <= {count} / 20;
INSERT INTO releases (id, library_id, key, title, artist, year, compilation, added_at, sort_key)
 SELECT i, 1 + (i % 10 = 0){int}, 'r' || i, 'Release ' || i, 'Artist ' || (1 + i / 2),
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, false, (i * 7919) % 1000003,
   'release ' || ((i * 31) % 9973) FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO release_credits (release_id, position, artist_id)
 SELECT i, 0, 1 + i % ({count} / 20) FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO tracks (file_id, release_id, title, artist, track, disc, year, container, has_cover, sort_key)
 SELECT i, 1 + (i - 1) / 10, 'Song ' || i, 'Artist ' || (1 + i % 5000), 1 + i % 10, 1,
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, 'mp3', false, 'song ' || ((i * 7919) % 100003)
 FROM {numbers} WHERE i <= {count};
INSERT INTO track_credits (file_id, role, position, artist_id, name)
 SELECT i, 'artist', 0, 1 + i % ({count} / 20), 'Artist' FROM {numbers} WHERE i <= {count};
INSERT INTO genres (id, library_id, key, name) VALUES (1, 1, 'rock', 'Rock'), (2, 1, 'polka', 'Polka');
INSERT INTO track_genres (file_id, position, genre_id, name)
 SELECT i, 0, 1 + (i % 500 = 0){int}, 'Rock' FROM {numbers} WHERE i <= {count};
INSERT INTO problems (id, root_id, path, path_text, file_id, folder_id, code, detail, found_at)
 SELECT i, 1, {bytes}, i || '.mp3', i, 1 + (i - 1) / 10, 'bad_tags', 'why', i
 FROM {numbers} WHERE i <= {count} AND i % 100 = 1
"""


async def fill(database: Database, count: int = TRACKS) -> None:
    """Fill an empty catalogue."""
    await many_rows.fill(database, _STEPS, count, bytes="CAST(i AS TEXT)", one="'/one'", two="'/two'")
