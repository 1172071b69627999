"""What comes of the covers of some items: nothing to do, a small picture, or the reason why there is none.

The part of the task `covers` that looks and makes, with a pool of processes (`cover_child`). It writes
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import msgspec

from shelfread.covers.keeping import Shelf
from shelfread.covers.shape import Shape
from shelfread.model.job import LogLine
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.extract import MEDIA, SIDECAR, FileRef, ParserPool
from shelfread.store import covers
from shelfread.store.clock import now_us
from shelfread.store.cover_due import Due
from shelfread.store.cover_files import CoverSource
from shelfread.store.cover_sources import sources
from shelfread.store.covers import CoverRow
from shelfread.store.database import Database
from shelfread.tasks.cover_frames import FRONTS, ROLE, Made
from shelfread.tasks.library_scan import PoolSizes

#: A small picture is not larger, in bytes.
FRAME_LIMIT = 48 << 20
#: The file is not now as the catalogue knows it: a scan will see what became of it, and the note stays.
_LATER = {
    ProblemCode.VANISHED,
    ProblemCode.CHANGED_WHILE_READ,
    ProblemCode.PERMISSION_DENIED,
    ProblemCode.IO_ERROR,
    ProblemCode.NOT_A_FILE,
    ProblemCode.BROKEN_LINK,
}


def shape_of(options: LibraryOptions) -> Shape:
    """What the small pictures of a library are to be like."""
    return Shape(
        options.thumbnail_format,
        options.thumbnail_quality,
        options.thumbnail_width,
        options.thumbnail_height,
        options.thumbnail_scale,
    )


def pool_of(library: Library, reference: str, sizes: PoolSizes) -> ParserPool:
    """Processes that make the small pictures of a library, none started yet.

    Args:
        library: its options say what they are to be like.
        reference: where its kind is found, "module:NAME".
        sizes: how many, and what each may take.
    """
    more = {"shape": asdict(shape_of(library.options)), "follow_links": library.options.follow_symlinks}
    return ParserPool(
        reference,
        sizes.processes,
        file_timeout_s=sizes.file_timeout_s,
        memory_limit=sizes.memory_limit,
        frame_limit=FRAME_LIMIT,
        role=ROLE,
        more=more,
    )


@dataclass(slots=True)
class Outcome:
    """What came of one item."""

    due: Due
    #: What is to be remembered; None leaves what is known as it is.
    row: CoverRow | None = None
    made: Made | None = None
    #: The note stays: a scan will look at the file first.
    later: bool = False
    #: The column of the counters that it counts in.
    counts: str = "unchanged"
    lines: list[LogLine] = field(default_factory=list)
    #: The small picture that it had before.
    before: str | None = None


class Outcomes:
    """Looks after the covers of one library, a page of items at a time."""

    def __init__(self, database: Database, library: Library, shelf: Shelf, pool: ParserPool) -> None:
        self._database = database
        self._library = library
        self._shelf = shelf
        self._pool = pool
        self._shape = shape_of(library.options)
        self._roots = {root.id: root.path for root in library.roots}
        #: The file that was read last, below its root.
        self.at: str | None = None

    async def of(self, page: Sequence[Due]) -> list[Outcome]:
        """What comes of these items; pictures are made side by side."""
        found: dict[tuple[int, int], list[CoverSource]] = {}
        known: dict[tuple[int, int], CoverRow] = {}
        async with self._database.read() as connection:
            for kind in {one.kind for one in page}:
                ids = [one.item_id for one in page if one.kind == kind]
                each = await sources(connection, kind, ids)
                found |= {(kind, item_id): own for item_id, own in each.items()}
                rows = await covers.known(connection, kind, ids)
                known |= {(kind, item_id): row for item_id, row in rows.items()}
        return await asyncio.gather(
            *(
                self._outcome(one, found.get((one.kind, one.item_id)), known.get((one.kind, one.item_id)))
                for one in page
            )
        )

    async def _outcome(
        self, due: Due, found: Sequence[CoverSource] | None, known: CoverRow | None
    ) -> Outcome:
        outcome = Outcome(due, before=known.digest if known else None)
        if found is None:
            outcome.counts = "skipped"  # it was removed; its row goes at the end
            return outcome
        key = "; ".join(one.key for one in found) or None
        row = CoverRow(due.kind, due.item_id, self._library.id, key, self._shape.key, made_at=now_us())
        if not found:
            outcome.row, outcome.counts = row, "skipped"
            return outcome
        if known is not None and not due.again and (known.source, known.shape) == (key, row.shape):
            if known.code is not None:
                return outcome
            digest, mime = known.digest, known.mime
            if digest and mime:
                there: bool = await asyncio.to_thread(self._shelf.has, digest, mime)
                if there:
                    return outcome
        await self._make(outcome, row, found)
        return outcome

    async def _make(self, outcome: Outcome, row: CoverRow, found: Sequence[CoverSource]) -> None:
        """Try one source after the other."""
        for source in found:
            root = self._roots.get(source.root_id)
            if root is None:
                outcome.later, outcome.counts = True, "skipped"
                return
            path = root.rstrip(b"/") + b"/" + source.relative
            want = (SIDECAR if source.is_picture else MEDIA) | FRONTS[source.front]
            (reading,) = await self._pool.read([FileRef(path, source.relative, want)])
            stamp = reading.stamp
            if reading.code in _LATER or (
                stamp is not None and (stamp.size, stamp.mtime_ns) != (source.size, source.mtime_ns)
            ):
                outcome.later, outcome.counts = True, "skipped"
                return
            self.at = source.relative.decode("utf-8", "replace")
            if reading.code is None:
                made = msgspec.msgpack.decode(reading.item, type=Made)
                outcome.row = row._replace(mime=made.mime, width=made.width, height=made.height)
                outcome.made, outcome.counts = made, "added"
                return
            text = line_of(reading.code, reading.detail or "")
            outcome.lines.append(LogLine("warning", text, path))
            outcome.row = row._replace(code=str(reading.code), detail=reading.detail)
            outcome.counts = "failed"
