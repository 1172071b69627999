"""A catalogue of very many books, made in seconds by the database itself, for questions about its plans."""

from __future__ import annotations

from shelfread.store.database import Database
from tests.store import many_rows

#: Ten of each series. Every tenth series is of the second library; every 50th book is missing, every 100th in
#: trouble; all of the series 7 is missing.
BOOKS = 60_000
_STEPS = """
INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at)
 VALUES (1, 'One', 'books', '{{}}', 1, false, 1), (2, 'Two', 'books', '{{}}', 1, false, 1);
INSERT INTO roots (id, library_id, path, path_text, state, confirmed)
 VALUES (1, 1, {one}, '/one', 'available', false), (2, 2, {two}, '/two', 'available', false);
INSERT INTO folders (id, root_id, path, path_text, mounted)
 SELECT i, 1 + (i % 10 = 0){int}, {bytes}, 'f' || i, false FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO media_files (id, folder_id, name, name_text, size, mtime_ns, ctime_ns, device, inode, status,
   unsettled, parser_version, read_job, added_at, seen_at, missing_at)
 SELECT i, 1 + (i - 1) / 10, {bytes}, i || '.cbz', 1000, 1, 1, 1, i,
   CASE WHEN i % 50 = 0 OR (i - 1) / 10 = 6 THEN 'missing' WHEN i % 100 = 1 THEN 'error' ELSE 'ready' END,
   false, 1, 1, (i * 7919) % 1000003, 1, NULL FROM {numbers} WHERE i <= {count};
INSERT INTO series (id, library_id, key, title, publisher, year, stale, added_at, sort_key)
 SELECT i, 1 + (i % 10 = 0){int}, {key}, 'Series ' || i, 'Press ' || (i % 90),
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, false, (i * 7919) % 1000003,
   'series ' || ((i * 31) % 9973) FROM {numbers} WHERE i <= {count} / 10;
INSERT INTO books (file_id, series_id, title, number, number_sort, year, language, format, pages, more, place,
   sort_key)
 SELECT i, 1 + (i - 1) / 10, 'Book ' || i, '' || (10 - i % 10), 10 - i % 10,
   CASE WHEN i % 7 <> 0 THEN 1950 + i % 70 END, CASE WHEN i % 3 = 0 THEN 'en-GB' ELSE 'en' END,
   CASE WHEN i % 500 = 0 THEN 'pdf' ELSE 'cbz' END, 20, '{{}}', (100 + (10 - i % 10)) || ' ' || i,
   'book ' || ((i * 7919) % 100003) FROM {numbers} WHERE i <= {count};
INSERT INTO book_credits (file_id, role, position, name, key)
 SELECT i, 'writer', 0, 'Writer ' || (i % 400), 'writer ' || (i % 400) FROM {numbers} WHERE i <= {count};
INSERT INTO book_credits (file_id, role, position, name, key)
 SELECT i, 'inker', 0, 'Inker', 'inker' FROM {numbers} WHERE i <= {count};
INSERT INTO book_tags (file_id, type, position, name, key)
 SELECT i, 'genre', 0, CASE WHEN i % 500 = 0 THEN 'Noir' ELSE 'Drama' END,
   CASE WHEN i % 500 = 0 THEN 'noir' ELSE 'drama' END FROM {numbers} WHERE i <= {count};
INSERT INTO book_tags (file_id, type, position, name, key)
 SELECT i, 'character', 0, 'Noir', 'noir' FROM {numbers} WHERE i <= {count} AND i % 1000 = 3;
INSERT INTO covers (kind, item_id, library_id, shape, digest, mime, width, height, made_at)
 SELECT 5, i, 1, 'webp', 'd' || i, 'image/webp', 260, 400, 1 FROM {numbers} WHERE i <= {count};
INSERT INTO problems (id, root_id, path, path_text, file_id, folder_id, code, detail, found_at)
 SELECT i, 1, {bytes}, i || '.cbz', i, 1 + (i - 1) / 10, 'damaged', 'why', i
 FROM {numbers} WHERE i <= {count} AND i % 100 = 1
"""


async def fill(database: Database, count: int = BOOKS) -> None:
    """Fill an empty catalogue."""
    await many_rows.fill(
        database,
        _STEPS,
        count,
        bytes="CAST(i AS TEXT)",
        key="'1/f' || i",
        one="'/one'",
        two="'/two'",
    )
