"""An import: an export becomes a catalogue again, with the same ids, as far as files are where they were.

All of it or nothing, and only into a catalogue without libraries. Lines are checked while they are copied to
a file of our own, `export_check` says by which rules, and are then read from that a second time, in one
transaction. Stands on the store.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from shelfread.app import export_lines as lines
from shelfread.app.export_check import BadExport, Check, Told
from shelfread.app.export_lines import LONGEST_LINE, BadLine, Line, bytes_of
from shelfread.store import config, importing
from shelfread.store.clock import now_us
from shelfread.store.database import Database, StatementFailed
from shelfread.store.former import FormerPlace
from shelfread.store.importing import FileRows, FileTold

#: Rows that are written at once.
_PORTION = 1000


class _Undo(Exception):
    """All went well, and nothing is to be kept."""


async def take_in(database: Database, source: BinaryIO, *, dry_run: bool = False) -> Told:
    """Fill an empty catalogue with what an export says; gives what that was.

    Args:
        database: a catalogue without libraries.
        source: the lines of an export.
        dry_run: do everything, and take it back.

    Raises:
        BadExport: the lines cannot be taken in, or there are libraries already. Nothing is changed.
    """
    now = now_us()
    with TemporaryFile() as copy:
        told = _checked(source, copy)

        async def work(connection: Any) -> None:
            copy.seek(0)
            if not await importing.is_empty(connection):
                raise BadExport(
                    "this catalogue has libraries already, and an import needs an empty one: "
                    "set another SHELFREAD_DATA_DIR, or remove the libraries first"
                )
            await _Import(connection, told, now).run(lines.decoded(text) for text in copy)
            if dry_run:
                raise _Undo

        try:
            await database.write(work)
        except _Undo:
            pass
        except StatementFailed as error:
            cause = " ".join(str(getattr(error, "orig", None) or error).split("\n", 1)[0].split())
            raise BadExport(f"the database does not accept what this export says: {cause}") from None
    return told


def _checked(source: BinaryIO, copy: BinaryIO) -> Told:
    check = Check(now_us())
    for number in itertools.count(1):
        text = source.readline(LONGEST_LINE + 1)
        if not text:
            break
        try:
            if len(text) > LONGEST_LINE:
                raise BadLine(f"it is longer than {LONGEST_LINE} bytes")
            check.line(number, text)
        except BadLine as error:
            raise BadExport(f"line {number} of the export cannot be: {error}") from None
        copy.write(text)
    return check.told()


class _Import:
    """Writes the lines of one export, which were checked."""

    def __init__(self, connection: Any, told: Told, now: int) -> None:
        self._connection = connection
        self._told = told
        self._now = now
        self._files = FileRows(connection)

    async def run(self, all_lines: Iterator[Line]) -> None:
        # First of all: rows that are made here take their ids from these, too.
        await importing.raise_counters(self._connection, self._told.counters)
        for kind, group in itertools.groupby(all_lines, type):
            for portion in _portions(group):
                if kind is lines.File:
                    await self._files.add([self._file(one) for one in portion])
                elif kind is lines.Parent:
                    await importing.add_parents(self._connection, [self._parent(one) for one in portion])
                else:
                    for one in portion:
                        await self._single(one)

    def _file(self, one: Any) -> FileTold:
        return FileTold(
            id=one.id,
            root_id=one.root,
            path=bytes_of(one.path, one.path_b64),
            size=one.size,
            signature=bytes.fromhex(one.signature) if one.signature else None,
            # A clock that was ahead: later than now it cannot have been.
            added_at=min(one.added_at, self._now),
            missing_at=one.missing_at,
            missing_reason=one.missing_reason and one.missing_reason.value,
            aliases=one.aliases,
            former_places=[
                FormerPlace(bytes_of(place.path, place.path_b64), place.until) for place in one.former_places
            ],
        )

    def _parent(self, one: Any) -> tuple[int, str, bytes, int, int]:
        key = bytes_of(one.key, one.key_b64)
        return (one.library, one.table, key, one.id, min(one.added_at, self._now))

    async def _single(self, one: Line) -> None:
        connection = self._connection
        if isinstance(one, lines.Shelf):
            options = self._told.options[one.id]
            await importing.add_library(
                connection,
                one.id,
                one.name,
                one.kind,
                options,
                created_at=one.created_at,
                known_until=self._now,
            )
            for root in one.roots:
                path = bytes_of(root.path, root.path_b64)
                await importing.add_root(connection, one.id, root.id, path, empty_ok=root.empty_ok)
            for plan in one.schedules:
                await importing.add_schedule(
                    connection, one.id, plan.job, plan.cron, plan.zone, plan.paused_at
                )
        elif isinstance(one, lines.Setting):
            await config.put(connection, one.key, one.value)
        elif isinstance(one, lines.SetAside):
            await self._set_aside(one)
        elif isinstance(one, lines.Conversion):
            await importing.add_conversion(connection, one.file, _conversion(one))
        elif isinstance(one, lines.NotSame):
            values = {
                "old_file_id": one.old,
                "new_file_id": one.new,
                "why": one.why,
                "found_at": one.found_at,
                "decided_at": one.decided_at,
            }
            if not await importing.add_not_same(connection, self._told.library_of_root, values):
                raise BadExport(f"it says of the file {one.new}, which it does not have, that it is another")

    async def _set_aside(self, one: lines.SetAside) -> None:
        folder_id = None
        if one.folder is not None:
            folder_id = await self._files.folder(one.root, bytes_of(one.folder, one.folder_b64))
        values = {
            "root_id": one.root,
            "path": bytes_of(one.path, one.path_b64),
            "code": one.code.value,
            "detail": one.detail.replace("\0", ""),
            "found_at": one.found_at,
            "ignored_at": one.at,
        }
        await importing.add_set_aside(self._connection, values, one.file, one.mtime_ns, folder_id)


def _portions(group: Iterator[Line]) -> Iterator[Sequence[Line]]:
    while portion := list(itertools.islice(group, _PORTION)):
        yield portion


def _conversion(one: lines.Conversion) -> dict[str, Any]:
    return {
        "source_name": bytes_of(one.source, one.source_b64),
        "source_size": one.source_size,
        "source_mtime_ns": one.source_mtime_ns,
        "target_name": bytes_of(one.target, one.target_b64),
        "target_size": one.target_size,
        "target_mtime_ns": one.target_mtime_ns,
        "converter": one.converter,
        "at": one.at,
    }
