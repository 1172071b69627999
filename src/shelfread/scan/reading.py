"""The files that must be read: out to the parsers in chunks, back as what the writer takes.

Between `discover` and `write`. Decides what each reading means for its file (added, updated, restored,
failed, unchanged) and when all of a folder's part is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec
from xxhash import xxh3_64_intdigest

from shelfread.media.kind import Kind
from shelfread.model.catalogue import FileWrite, KnownFile, SidecarWrite
from shelfread.model.change import Change
from shelfread.model.entry import Stamp, fold64
from shelfread.model.picture import Sidecar
from shelfread.model.problem import ProblemCode
from shelfread.scan.diff import DiffRules, content_may_differ
from shelfread.scan.discover import Part, ToRead
from shelfread.scan.extract import SIDECAR, FileReading, FileRef, ParserPool
from shelfread.scan.folder import joined
from shelfread.scan.progress import Progress

_Chunk = list[tuple[Part, int]]


class Reader:
    """Reads the parts it is given with several tasks and hands each on when it is complete."""

    def __init__(
        self,
        parsers: ParserPool,
        kind: Kind,
        roots: Mapping[int, bytes],
        progress: Progress,
        completed: Callable[[Part], None],
        *,
        chunk_files: int,
    ) -> None:
        self._parsers = parsers
        self._kind = kind
        self._roots = roots
        self._progress = progress
        self._completed = completed
        self._chunk_files = chunk_files
        self._chunks: asyncio.Queue[_Chunk | None] = asyncio.Queue()
        self._chunk: _Chunk = []
        self._item = msgspec.msgpack.Decoder(kind.item_type | None)
        self._sidecar = msgspec.msgpack.Decoder(Sidecar | None)
        #: Calls that keep all parsers busy.
        self.tasks = 2 * parsers.workers
        self._rules: dict[int, DiffRules] = {}

    def take(self, parts: Sequence[Part], rules: DiffRules) -> None:
        """Read these parts; one with nothing to read is complete at once."""
        for part in parts:
            self._rules.setdefault(part.write.root_id, rules)
            if not part.to_read:
                self._completed(part)
                continue
            self._progress.to_read += len(part.to_read)
            for index in range(len(part.to_read)):
                self._chunk.append((part, index))
                if len(self._chunk) >= self._chunk_files:
                    self.flush()

    def flush(self) -> None:
        """Send what has gathered, though it is not a full chunk."""
        if self._chunk:
            self._chunks.put_nowait(self._chunk)
            self._chunk = []

    @property
    def hungry(self) -> bool:
        """Whether parsers have less than a chunk each to do."""
        return self._chunks.qsize() < self.tasks

    def end(self) -> None:
        """Nothing more will come."""
        self.flush()
        for _ in range(self.tasks):
            self._chunks.put_nowait(None)

    async def run(self) -> None:
        """Read chunks until `end`; run as many as `tasks` of it."""
        while (chunk := await self._chunks.get()) is not None:
            refs = []
            for part, index in chunk:
                wanted = part.to_read[index]
                relative = joined(part.write.path, wanted.entry.name)
                refs.append(FileRef(joined(self._roots[part.write.root_id], relative), relative, wanted.want))
            readings = await self._parsers.read(refs)
            for (part, index), reading in zip(chunk, readings, strict=True):
                self._settle(part, part.to_read[index], reading)
                part.pending -= 1
                if part.pending == 0:
                    self._completed(part)
            self._progress.read += len(chunk)

    def _settle(self, part: Part, wanted: ToRead, reading: FileReading) -> None:
        entry = wanted.entry
        if reading.code is ProblemCode.VANISHED:
            # Gone between listing and reading: the next scan will see what became of it.
            part.state.due = True
            if wanted.want != SIDECAR:
                self._progress.counters.skipped += 1
            return
        stamp = reading.stamp or entry.stamp
        if reading.code is ProblemCode.CHANGED_WHILE_READ:
            # Nothing was read of the file as it is now: under its old stamp the next scan reads it.
            part.state.due, stamp = True, entry.stamp
        elif stamp[:3] != entry.stamp[:3]:
            part.state.due = True
        if wanted.want != SIDECAR:
            part.write.files.append(self._file(part, wanted, reading, stamp))
        else:
            part.write.sidecars.append(SidecarWrite(entry.name, stamp, self._sidecar.decode(reading.item)))

    def _file(self, part: Part, wanted: ToRead, reading: FileReading, stamp: Stamp) -> FileWrite:
        known = wanted.known
        rules = self._rules[part.write.root_id]
        unsettled = rules.unsettled(stamp)
        if unsettled:
            part.state.due = True
        reading_hash = reading_hash_of(reading)
        item = None
        if known is None or known.reading_hash != reading_hash:
            item = self._item.decode(reading.item)
            if item is None and known is None:
                # Never hidden: it stands in the catalogue under its name.
                item = self._kind.unread(joined(part.write.path, wanted.entry.name))
        return FileWrite(
            id=known.id if known else 0,
            name=wanted.entry.name,
            stamp=stamp,
            change=_change(known, reading, stamp, reading_hash),
            unsettled=unsettled,
            fresh=known is None,
            item=item,
            was_read=True,
            as_known=known is not None and not content_may_differ(stamp, known),
            signature=reading.signature,
            reading_hash=reading_hash,
            code=reading.code,
            detail=reading.detail,
        )


def reading_hash_of(reading: FileReading) -> int:
    """What tells whether a second reading of a file says the same."""
    parts = ((reading.code or "").encode(), b"\0", reading.signature or b"", reading.item)
    return fold64(xxh3_64_intdigest(b"".join(parts)))


def _change(known: KnownFile | None, reading: FileReading, stamp: Stamp, reading_hash: int) -> Change:
    if reading.code is not None:
        return Change.FAILED
    if known is None:
        return Change.ADDED
    if known.status == "missing":
        return Change.RESTORED
    if known.reading_hash != reading_hash or content_may_differ(stamp, known):
        return Change.UPDATED
    return Change.UNCHANGED
