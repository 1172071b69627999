"""The second half of a conversion, from its journal row: the book becomes the new file.

Done by the process that made the file, or by the next one when that died: `settle_left_over` looks at what
is on disk, and leaves either the old state or the new one. Every transaction is the running job's. Reads the
new file as a scan would, so that no scan has to.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shelfread.convert import trash
from shelfread.convert.place import Place
from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import FileWrite, FolderWrite
from shelfread.model.change import Change, Counters
from shelfread.model.conversion import ConversionState, Prepared, Refused
from shelfread.model.entry import Stamp
from shelfread.model.job import LogLine, Phase, Scope
from shelfread.model.library import Library
from shelfread.scan.extract import BESIDE, MEDIA, FileRef
from shelfread.scan.folder import joined
from shelfread.scan.reading import reading_hash_of
from shelfread.store import converting, files
from shelfread.store.clock import now_us, text_of
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks

if TYPE_CHECKING:
    from shelfread.tasks.library_scan import Pools

T = TypeVar("T")

#: Filesystems round times; none coarser than this keeps books.
_TIME_NS = 2_000_000_000

#: Told which step of a conversion was done; tests stop the process there.
At = Callable[[str], None]


def nowhere(_step: str) -> None:
    """Nobody wants to know how far it is."""


class Settler:
    """Brings conversions of one library to their end, inside a running job."""

    def __init__(
        self,
        database: Database,
        batch: Batch,
        library: Library,
        pools: Pools,
        at: At = nowhere,
        report: Callable[[Sequence[LogLine]], BatchReport] | None = None,
    ) -> None:
        """Make one for a job.

        Args:
            database: the catalogue.
            batch: the job's right to write.
            library: whose books these are.
            pools: warm parsers of its kind.
            at: told of each step.
            report: what a batch says of the job, with these lines for its log.
        """
        self._batch = batch
        self._library = library
        self._pools = pools
        self._at = at
        self._report = report or (lambda logs: BatchReport(Counters(), Phase.DISCOVERING, logs=logs))
        self._roots = {root.id: root.path for root in library.roots}
        self._catalogue = pools.parts.catalogue(library, IdBlocks(database))
        self._item = msgspec.msgpack.Decoder(pools.parts.kind.item_type | None)
        #: Originals that went to the trash.
        self.removed = 0

    async def write(
        self, work: Callable[[Any], Any] | None, *logs: LogLine, report: BatchReport | None = None
    ) -> None:
        """One guarded transaction."""
        await self._batch.commit(work, report or self._report(logs))

    async def settle(self, place: Place, prepared: Prepared) -> None:
        """The new file has its name: the book's row becomes that of it, then the original may go.

        Raises:
            LostJob, CancelRequested: nothing was written; whoever comes next settles it.
        """
        target = joined(prepared.folder, prepared.target_name)
        path = joined(self._roots[prepared.root_id], target)
        (reading,) = await self._pools.parsers.read([FileRef(path, target, MEDIA | BESIDE)])
        stamp = await asyncio.to_thread(place.stamp, prepared.target_name)
        if stamp is None:
            return
        write: FolderWrite | None = None
        if reading.code is None and reading.stamp == stamp:
            write = FolderWrite(
                prepared.folder_id,
                prepared.root_id,
                prepared.folder,
                known=True,
                head=False,
                files=[
                    FileWrite(
                        prepared.file_id,
                        prepared.target_name,
                        stamp,
                        Change.UPDATED,
                        unsettled=False,
                        item=self._item.decode(reading.item),
                        was_read=True,
                        signature=reading.signature,
                        reading_hash=reading_hash_of(reading),
                    )
                ],
            )
            await self._catalogue.reserve([write])
        removing = self._library.options.remove_originals
        state = ConversionState.REMOVING if removing else ConversionState.DONE
        await self.write(
            lambda connection: self._become(connection, prepared, write, stamp, state),
            LogLine(
                "info", f"is {prepared.target_name.decode('utf-8', 'replace')} now", self._path_of(prepared)
            ),
        )
        if write is not None:
            self._catalogue.committed()
        self._at("settled")
        if removing:
            await self.remove(place, prepared)

    async def _become(
        self,
        connection: Any,
        prepared: Prepared,
        write: FolderWrite | None,
        stamp: Stamp,
        state: ConversionState,
    ) -> None:
        now = now_us()
        await converting.set_state(connection, prepared.file_id, state, now)
        if not await converting.rename(connection, prepared):
            return
        if write is None:
            await converting.stamp_unread(connection, prepared.file_id, stamp, now)
            return
        version = self._pools.parts.kind.version
        await files.write_files(connection, [write], version=version, job_seq=self._batch.seq, now=now)
        await self._catalogue.save(connection, [write], now)
        await converting.keep_cover(connection, prepared, stamp)

    async def remove(self, place: Place, prepared: Prepared) -> None:
        """Put the original into the trash, if it still is what was read."""
        path = self._path_of(prepared)
        line = LogLine("info", "the original is in the trash", path)
        stamp = await asyncio.to_thread(place.stamp, prepared.source_name)
        if stamp is None:
            line = LogLine("info", "the original is gone already", path)
        elif not is_same(stamp, prepared.source):
            line = LogLine("warning", "the original has changed since it was converted: it stays", path)
        else:
            root = self._roots[prepared.root_id]
            try:
                there = await asyncio.to_thread(trash.put, place, prepared.source_name, root, prepared.folder)
                line = LogLine("info", f"the original is in {text_of(there)}", path)
                self.removed += 1
            except OSError as error:
                why = (
                    "its folder is another filesystem than its root"
                    if error.errno == errno.EXDEV
                    else error.strerror or str(error)
                )
                line = LogLine("warning", f"the original stays where it is: {why}", path)
        self._at("removed")
        await self.write(
            lambda connection: converting.set_state(
                connection, prepared.file_id, ConversionState.DONE, now_us()
            ),
            line,
        )

    async def settle_left_over(self, left: Sequence[Prepared]) -> int:
        """Bring to their end what a dead process left; gives how many books became their new file."""
        done = 0
        for prepared in left:
            try:
                place = await asyncio.to_thread(Place, self._roots[prepared.root_id], prepared.folder)
            except Refused:
                continue  # its disk is away: it waits
            with place:
                if prepared.state is ConversionState.REMOVING:
                    await self.remove(place, prepared)
                elif await asyncio.to_thread(_is_renamed, place, prepared):
                    await self.settle(place, prepared)
                    done += 1
                else:
                    await self._take_back(place, prepared)
        return done

    async def _take_back(self, place: Place, prepared: Prepared) -> None:
        await asyncio.to_thread(place.remove, prepared.temporary)
        await self.write(
            lambda connection: converting.discard(connection, prepared.file_id),
            LogLine("info", "a conversion that was cut off is taken back", self._path_of(prepared)),
        )

    async def tidy(self, connection: Any) -> None:
        """In a last transaction: what conversions left to be derived."""
        await self._catalogue.tidy(connection)

    def _path_of(self, prepared: Prepared) -> bytes:
        return joined(self._roots[prepared.root_id], joined(prepared.folder, prepared.source_name))


async def settle_left_over(
    database: Database, batch: Batch, library: Library, scopes: Sequence[Scope], pools: Pools
) -> None:
    """At the beginning of a scan: conversions in its scopes that were cut off come to their end first."""
    async with database.read() as connection:
        left = await converting.under_way(connection, scopes)
    if left:
        await Settler(database, batch, library, pools).settle_left_over(left)


def is_same(stamp: Stamp, other: Stamp) -> bool:
    """Whether a file is, as far as a stamp can tell, the one that was read."""
    return (stamp.size, stamp.mtime_ns) == (other.size, other.mtime_ns)


def _is_renamed(place: Place, prepared: Prepared) -> bool:
    """Whether the new file has its name; a second name that a rename left is taken away."""
    found = place.stamp(prepared.target_name)
    if (
        found is None
        or found.size != prepared.target_size
        or abs(found.mtime_ns - prepared.target_mtime_ns) > _TIME_NS
    ):
        return False
    place.remove(prepared.temporary)
    return True
