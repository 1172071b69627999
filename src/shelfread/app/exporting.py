"""An export: everything in a catalogue that no scan finds again, as lines of JSON.

Added dates, ids, aliases and what people set; the rest is in the files themselves. Accounts, tokens and the
history of jobs are not in it: secrets do not travel, and what was done is done. Stands on the store.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from shelfread import __version__
from shelfread.app import export_lines as lines
from shelfread.app.export_lines import Line, bytes_fields
from shelfread.model.library import options_json
from shelfread.model.missing import MissingReason
from shelfread.model.problem import ProblemCode
from shelfread.store import exporting
from shelfread.store.clock import now_us
from shelfread.store.database import Database
from shelfread.store.library_options import options_of
from shelfread.store.migrate import HEAD


async def exported(database: Database) -> AsyncGenerator[Line]:
    """The lines of an export, of one moment, whatever others write meanwhile. Holds no more than a page."""
    count = 2
    yield lines.Head(version=lines.VERSION, program=__version__, schema=HEAD, made_at=now_us())
    async with aclosing(_lines(database)) as found:
        async for line in found:
            count += 1
            yield line
    yield lines.End(lines=count)


async def _lines(database: Database) -> AsyncGenerator[Line]:
    async with exporting.snapshot(database) as connection:
        for row in await exporting.counters(connection):
            yield lines.Counter(name=row.name, next=row.next)
        for row in await exporting.settings(connection):
            yield lines.Setting(key=row.key, value=json.loads(row.value))
        for library, roots, schedules in await exporting.shelves(connection):
            yield lines.Shelf(
                id=library.id,
                name=library.name,
                kind=library.kind,
                options=options_json(options_of(library.options)),
                created_at=library.created_at,
                roots=[
                    lines.RootPart(id=root.id, empty_ok=root.empty_ok, **bytes_fields("path", root.path))
                    for root in roots
                ],
                schedules=[
                    lines.SchedulePart(job=one.type, cron=one.cron, zone=one.zone, paused_at=one.paused_at)
                    for one in schedules
                ],
            )
        async for library_id, table, row_id, key, added_at in exporting.parents(connection):
            yield lines.Parent(
                library=library_id, table=table, id=row_id, added_at=added_at, **bytes_fields("key", key)
            )
        async for row, path, also, before in exporting.files(connection):
            yield lines.File(
                id=row.id,
                root=row.root_id,
                size=row.size,
                signature=row.signature.hex() if row.signature else None,
                added_at=row.added_at,
                missing_at=row.missing_at,
                missing_reason=row.missing_reason and MissingReason(row.missing_reason),
                aliases=also,
                former_places=[
                    lines.PlacePart(until=place.until, **bytes_fields("path", place.path)) for place in before
                ],
                **bytes_fields("path", path),
            )
        async for row in exporting.set_aside(connection):
            yield lines.SetAside(
                root=row.root_id,
                code=ProblemCode(row.code),
                detail=row.detail,
                found_at=row.found_at,
                at=row.ignored_at,
                file=row.file_id,
                mtime_ns=row.mtime_ns,
                **bytes_fields("path", row.path),
                **({} if row.folder is None else bytes_fields("folder", row.folder)),
            )
        async for row in exporting.converted(connection):
            yield lines.Conversion(
                file=row.file_id,
                source_size=row.source_size,
                source_mtime_ns=row.source_mtime_ns,
                target_size=row.target_size,
                target_mtime_ns=row.target_mtime_ns,
                converter=row.converter,
                at=row.at,
                **bytes_fields("source", row.source_name),
                **bytes_fields("target", row.target_name),
            )
        async for row in exporting.rejected(connection):
            yield lines.NotSame(
                old=row.old_file_id,
                new=row.new_file_id,
                why=row.why,
                found_at=row.found_at,
                decided_at=row.decided_at,
            )
