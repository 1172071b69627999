"""A catalogue of very many films and episodes, made by the database itself, for questions about its plans."""

from __future__ import annotations

from shelfread.store.database import Database
from tests.store import many_rows

#: Files. The first half are films, one a file, but every 40th is a second version of the film before it; the
#: other half are episodes, one a file, ten of a season, five seasons of a show. Every 50th file is missing,
#: every 100th in trouble; all of the show 7 is missing.
VIDEOS = 30_000
_STEPS = """
INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at)
 VALUES (1, 'One', 'video', '{{}}', 1, false, 1), (2, 'Two', 'video', '{{}}', 1, false, 1);
INSERT INTO roots (id, library_id, path, path_text, state, confirmed)
 VALUES (1, 1, {one}, '/one', 'available', false), (2, 2, {two}, '/two', 'available', false);
INSERT INTO folders (id, root_id, path, path_text, mounted)
 SELECT i, 1, {folder}, 'f' || i, false FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO media_files (id, folder_id, name, name_text, size, mtime_ns, ctime_ns, device, inode, status,
   unsettled, parser_version, read_job, added_at, seen_at, missing_at)
 SELECT i, 1 + (i - 1) / 10, {bytes}, i || '.mkv', 1000, 1, 1, 1, i,
   CASE WHEN i % 50 = 0 OR (i - 1 - {count} / 2) / 50 = 6 AND i > {count} / 2 THEN 'missing'
    WHEN i % 100 = 1 THEN 'error' ELSE 'ready' END,
   false, 1, 1, (i * 7919) % 1000003, 1, NULL FROM {numbers} WHERE i <= {count};
INSERT INTO movies (id, library_id, key, title, year, more, added_at, sort_key)
 SELECT i, 1 + (i % 10 = 0){int}, 'film ' || i, 'Film ' || i,
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, '{{}}', (i * 7919) % 1000003,
   'film ' || ((i * 31) % 9973) FROM {numbers} WHERE i <= {count} / 2 AND i % 40 <> 0;
INSERT INTO shows (id, library_id, key, named, title, year, more, stale, added_at, sort_key)
 SELECT i, 1 + (i % 10 = 0){int}, 'show ' || i, 'Show ' || i, 'Show ' || i,
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, '{{}}', false, (i * 7919) % 1000003,
   'show ' || ((i * 31) % 9973) FROM {numbers} WHERE i <= {count} / 100;
INSERT INTO seasons (id, show_id, number, added_at)
 SELECT i, 1 + (i - 1) / 5, 1 + (i - 1) % 5, i FROM {numbers} WHERE i <= {count} / 20;
INSERT INTO episodes (id, library_id, show_id, season_id, key, title, season, episode, air_date, more,
   added_at, place, sort_key)
 SELECT i, 1 + ((1 + (i - 1) / 50) % 10 = 0){int}, 1 + (i - 1) / 50, 1 + (i - 1) / 10, 'episode ' || i,
   'Episode ' || i, 1 + (i - 1) / 10 % 5, 1 + (i - 1) % 10,
   CASE WHEN i % 7 <> 0 THEN (1950 + i % 70) || '-05-01' END, '{{}}', (i * 7919) % 1000003,
   (1 + (i - 1) / 10 % 5) || ' ' || (10 - (i - 1) % 10), 'episode ' || ((i * 31) % 9973)
 FROM {numbers} WHERE i <= {count} / 2;
INSERT INTO videos (file_id, type, movie_id, root_id, base, version, disc, width, height, has_cover, facts)
 SELECT i, 'movie', i - (i % 40 = 0){int}, 1, {base}, CASE WHEN i % 40 = 0 THEN '4K' ELSE '' END, false,
   CASE WHEN i % 40 = 0 THEN 3840 ELSE 1920 END, 1080, false, '{{}}' FROM {numbers} WHERE i <= {count} / 2;
INSERT INTO videos (file_id, type, episode_id, root_id, base, version, disc, has_cover, facts)
 SELECT i + {count} / 2, 'episode', i, 1, {base}, '', false, false, '{{}}'
 FROM {numbers} WHERE i <= {count} / 2;
INSERT INTO video_credits (kind, item_id, role, position, name, key)
 SELECT 6, i, 'actor', 0, 'Actor ' || (i % 400), 'actor ' || (i % 400) FROM {numbers}
 WHERE i <= {count} / 2 AND i % 40 <> 0;
INSERT INTO video_credits (kind, item_id, role, position, name, key)
 SELECT 8, i, 'director', 0, 'Actor ' || (i % 400), 'actor ' || (i % 400) FROM {numbers}
 WHERE i <= {count} / 2;
INSERT INTO video_tags (kind, item_id, type, position, name, key)
 SELECT 6, i, 'genre', 0, CASE WHEN i % 500 = 1 THEN 'Noir' ELSE 'Drama' END,
   CASE WHEN i % 500 = 1 THEN 'noir' ELSE 'drama' END FROM {numbers} WHERE i <= {count} / 2 AND i % 40 <> 0;
INSERT INTO video_tags (kind, item_id, type, position, name, key)
 SELECT 6, i, 'tag', 0, 'Noir', 'noir' FROM {numbers} WHERE i <= {count} / 2 AND i % 1000 = 3;
INSERT INTO video_tags (kind, item_id, type, position, name, key)
 SELECT 7, i, 'genre', 0, 'Drama', 'drama' FROM {numbers} WHERE i <= {count} / 100 AND i % 2 = 0;
INSERT INTO covers (kind, item_id, library_id, shape, digest, mime, width, height, made_at)
 SELECT 6, i, 1, 'webp', 'd' || i, 'image/webp', 267, 400, 1 FROM {numbers} WHERE i <= {count} / 2;
INSERT INTO sidecars (folder_id, name, name_text, size, mtime_ns, ctime_ns, type)
 SELECT 1 + (i - 1) / 10, {bytes}, i || '.srt', 9, 1, 1, 'subtitle' FROM {numbers} WHERE i <= {count};
INSERT INTO problems (id, root_id, path, path_text, file_id, folder_id, code, detail, found_at)
 SELECT i, 1, {bytes}, i || '.mkv', i, 1 + (i - 1) / 10, 'damaged', 'why', i
 FROM {numbers} WHERE i <= {count} AND i % 100 = 1
"""


async def fill(database: Database, count: int = VIDEOS) -> None:
    """Fill an empty catalogue; `count` is a multiple of 1000."""
    await many_rows.fill(
        database,
        _STEPS,
        count,
        bytes="CAST(i AS TEXT)",
        folder="'f' || i",
        base="'f' || (1 + (i - 1) / 10)",
        one="'/one'",
        two="'/two'",
    )
