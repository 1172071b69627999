"""The walk over one root, as the scan uses it: rows for new folders, trouble with places, vanished mounts.

Drives `walk` and `discover` for one scope after another and passes parts on. Here the decision is made
what a folder that cannot be believed means for everything below it: that it stays as it was known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shelfread.model.catalogue import NewFolder
from shelfread.model.job import LogLine, Scope
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.discover import Discovery, Part
from shelfread.scan.findings import Findings, Place
from shelfread.scan.folder import (
    FolderListing,
    FolderTask,
    SubFolder,
    WalkRules,
    joined,
    root_task,
    subtask,
)
from shelfread.scan.gone import is_gone
from shelfread.scan.known import KnownFolders
from shelfread.scan.progress import Progress
from shelfread.scan.roots import ENOUGH, SAMPLE, RootCheck, count_present
from shelfread.scan.walk import Found, Walk, WalkerPool
from shelfread.store import files, problems
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks

#: Changed folders are compared with the catalogue in groups of so many files or folders.
GROUP_FILES = 400
GROUP_FOLDERS = 200
#: Fewer are not sent ahead for idle parsers: a comparison costs three small queries.
EAGER_FILES = 128

#: Trouble of a folder as a whole, which is over when the folder can be listed again.
PLACE_CODES = (
    ProblemCode.FOLDER_UNREADABLE,
    ProblemCode.PERMISSION_DENIED,
    ProblemCode.VANISHED,
    ProblemCode.IGNORE_FILE,
    ProblemCode.MOUNT_UNAVAILABLE,
)


class ScopeIgnored(Exception):
    """The part that was to be scanned is skipped by the ignore rules or by its name."""


class RootWalk:
    """Walks one root."""

    def __init__(
        self,
        database: Database,
        root: RootCheck,
        rules: WalkRules,
        discovery: Discovery,
        pool: WalkerPool,
        ids: IdBlocks,
        progress: Progress,
        findings: Findings,
        take: Callable[[Sequence[Part]], Awaitable[None]],
        hungry: Callable[[], bool],
        *,
        trust_digests: bool,
        hinted: bool = False,
    ) -> None:
        self._database = database
        self._root = root.root
        self._rules = rules
        self._discovery = discovery
        self._pool = pool
        self._findings = findings
        self._ids = ids
        self._progress = progress
        self._take = take
        self._hungry = hungry
        self._trust = trust_digests
        self._hinted = hinted
        self._changed: list[tuple[Found, int]] = []
        self._changed_files = 0
        #: Idle parsers are worth a comparison of so many files: the first of all, later a fair number.
        self._eager = 1
        #: Folders of this root with an open problem of their own.
        self._in_trouble: set[bytes] = set()
        #: Those that this walk found in trouble.
        self._noted: set[bytes] = set()
        self._known = KnownFolders(database, self._root.id)
        #: Folders above the scopes, looked at once: many parts of one root lie below the same ones.
        self._above: dict[bytes, Found] = {}

    async def run(self, scope: Scope) -> None:
        """Walk the root, or the part of it that a scope names."""
        await self._known.load(scope.relative)
        async with self._database.read() as connection:
            self._in_trouble = await problems.places_in_trouble(connection, self._root.id, PLACE_CODES)
        top, parent_id = await self._top(scope.relative)
        if top is None:
            return
        walk = Walk(self._rules, self._pool, self._known, trust_digests=self._trust)
        async for found in walk.run(top, parent_id):
            folder_id = await self._look_at(found)
            if folder_id is not None:
                walk.place(found, folder_id)
        await self._flush()
        await asyncio.to_thread(self._end_trouble_of_gone_folders)

    async def _top(self, relative: bytes) -> tuple[FolderTask | None, int | None]:
        """The task to begin with, with the ignore rules of the folders above it, and the row above it."""
        task = root_task(self._root.path)
        above: list[Found] = []
        for name in relative.split(b"/") if relative else []:
            found = self._above.get(task.relative)
            sub = _sub(found, name)
            if found is None or sub is None:
                (listing,) = await self._pool.look(self._rules, [task])
                stored = await self._known.stored([task.relative])
                found = Found(task, listing, stored.get(task.relative), None)
                problem = _problem_of(listing)
                if problem is not None:
                    self._trouble(found, problem)
                    return None, None
                self._above[task.relative] = found
                sub = _sub(found, name)
            above.append(found)
            if sub is None and self._hinted:
                return None, None
            if sub is None:
                path = joined(self._root.path, joined(task.relative, name))
                raise ScopeIgnored(
                    f"{path.decode('utf-8', 'replace')} is not a folder that a scan looks into: "
                    "it is gone, hidden, a link, or an ignore rule excludes it"
                )
            task = subtask(self._rules, task, found.listing, sub)
        return task, await self._rows_above(above)

    async def _rows_above(self, above: Sequence[Found]) -> int | None:
        """The row of the last of the folders above a part of the root; None when there are none.

        Another part of the same root may be scanned at the same time, by a job of its own, and need the same
        rows: they are durable before the walk begins, and whoever comes second takes those of the first.
        No fence is needed. Such a row says only that a folder is there, its digest being null: whatever
        becomes of this job, a scan that covers the folder looks into it, and writes the rest.

        The digest of one that is not as it was is forgotten, with the first batch: it may become again what
        it was, without this part, and a scan that covers it must look what went.
        """
        self._findings.forgotten += [
            found.known.id
            for found in above
            if found.known is not None and found.known.digest not in (None, found.listing.digest)
        ]
        if all(found.known is not None for found in above):
            return above[-1].known.id if above and above[-1].known is not None else None
        await self._ids.reserve({"folders": len(above)})
        chain = [
            NewFolder(
                self._ids.take("folders"), self._root.id, None, found.listing.relative, found.listing.is_mount
            )
            for found in above
        ]
        return (await self._database.write(lambda connection: files.ensure_folders(connection, chain)))[-1]

    async def _look_at(self, found: Found) -> int | None:
        """Take one folder; gives its row, or None when nothing at or below it may be touched."""
        listing = found.listing
        self._progress.folders += 1
        problem = _problem_of(listing)
        if problem is not None:
            self._trouble(found, problem)
            return None
        unmounted = found.known is not None and found.known.mounted and not listing.is_mount
        if unmounted and not await self._still_there(found):
            return None
        if listing.relative in self._in_trouble:
            self._findings.places += [
                Place(self._root.id, listing.relative, code, None) for code in PLACE_CODES
            ]
        self._progress.counters.found += listing.files
        if listing.unchanged and found.known is not None:
            self._progress.counters.unchanged += listing.files
            if found.known.mounted != listing.is_mount:
                self._findings.mounted.append((listing.is_mount, found.known.id))
            return found.known.id
        folder_id = await self._row(found)
        self._changed.append((found, folder_id))
        self._changed_files += len(listing.entries)
        if (
            self._changed_files >= GROUP_FILES
            or len(self._changed) >= GROUP_FOLDERS
            or (self._changed_files >= self._eager and self._hungry())
        ):
            await self._flush()
        return folder_id

    async def _row(self, found: Found) -> int:
        """The folder's row; a new one is noted for the next batch."""
        if found.known is not None:
            return found.known.id
        await self._ids.reserve({"folders": 1})
        folder_id = self._ids.take("folders")
        self._findings.new_folders.append(
            NewFolder(
                folder_id, self._root.id, found.parent_id, found.listing.relative, found.listing.is_mount
            )
        )
        return folder_id

    async def _flush(self) -> None:
        changed, self._changed, self._changed_files = self._changed, [], 0
        self._eager = EAGER_FILES
        if not changed:
            return
        parts, unchanged = await self._discovery.parts(changed)
        self._progress.counters.unchanged += unchanged
        for part in parts:
            self._findings.gone += [(self._root.id, path) for path, _ in part.write.gone_folders]
        for path in self._discovery.lost_mounts:
            self._lost_mount(path, "what was mounted here is not there now")
        self._discovery.lost_mounts.clear()
        await self._take(parts)

    async def _still_there(self, found: Found) -> bool:
        """Whether a folder that was a mount point and is none now still holds what it held."""
        relative = found.listing.relative
        async with self._database.read() as connection:
            known = await files.sample(connection, self._root.id, SAMPLE, relative)
        present = await asyncio.to_thread(count_present, self._root.path, known)
        if present >= ENOUGH * len(known):
            return True
        self._lost_mount(
            relative,
            f"another disk was mounted here and is not now; {present} of {len(known)} known files are there",
        )
        return False

    def _trouble(self, found: Found, problem: tuple[str, str]) -> None:
        code, detail = problem
        if code == ProblemCode.VANISHED.value and found.task.relative:
            # Gone between the listing of the folder above and now: the next scan will see what became of it.
            return
        path = found.listing.relative
        text = f"this folder cannot be listed ({detail}); everything in it stays as it was known"
        self._note(path, ProblemCode(code), text)

    def _end_trouble_of_gone_folders(self) -> None:
        """A folder that went is no trouble any more; a disk that was mounted in one still is."""
        codes = [code for code in PLACE_CODES if code is not ProblemCode.MOUNT_UNAVAILABLE]
        for path in self._in_trouble - self._noted:
            above = path
            while above and not is_gone(joined(self._root.path, above)):
                above = above.rpartition(b"/")[0]
            if above:
                self._findings.places += [Place(self._root.id, path, code, None) for code in codes]

    def _lost_mount(self, path: bytes, why: str) -> None:
        self._note(path, ProblemCode.MOUNT_UNAVAILABLE, f"{why}; everything in it stays as it was known")

    def _note(self, path: bytes, code: ProblemCode, text: str) -> None:
        self._findings.places.append(Place(self._root.id, path, code, text))
        stored = problems.storable(path)
        self._noted.add(stored)
        if stored not in self._in_trouble:
            self._findings.logs.append(LogLine("warning", line_of(code, text), joined(self._root.path, path)))


def _sub(found: Found | None, name: bytes) -> SubFolder | None:
    """The sub-folder of this name, if it was listed."""
    subfolders = () if found is None else found.listing.subfolders
    return next((sub for sub in subfolders if sub.name == name), None)


def _problem_of(listing: FolderListing) -> tuple[str, str] | None:
    """Why nothing at or below a folder may be touched: it cannot be listed, or there is no place for it."""
    if listing.problem is None and len(listing.relative) > files.FOLDER_PATH_LIMIT:
        return ProblemCode.FOLDER_UNREADABLE.value, "its path is too long for the catalogue"
    return listing.problem
