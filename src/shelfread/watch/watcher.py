"""The watch of a catalogue: which libraries are watched, by whom, and that it goes on whatever happens.

Part of `serve`. One process watches for all servers of a catalogue: whoever has the lock, which dies with it.
Libraries that are made, changed or removed are noticed at the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from shelfread.media.kind import Kind
from shelfread.model.library import Library
from shelfread.model.watching import RootWatch
from shelfread.queue.locks import is_held, lock_for
from shelfread.queue.repository import ScanJobRepository
from shelfread.scan.folder import library_rules
from shelfread.settings import Settings
from shelfread.store import watches
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.watch.library import LibraryWatch

#: Seconds between two looks at the libraries, and at the lock while another process has it.
LOOK_S = 5.0
#: Pauses after something failed.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
#: The lock of whoever watches: a worker's id that no worker will ever have.
LOCK_ID = "5e1f4ead-0000-4000-8000-000000000010"

_log = logging.getLogger(__name__)

#: What a watch is made for: with anything else in it, another one is needed.
_Key = tuple[Any, ...]


class Watcher:
    """Watches the libraries that want it. `run` it in a task; cancelled, it stops.

    Args:
        jobs: where scans are asked for.
        kinds: by their names.
        settings: may be exchanged at any time.
        look_s: seconds between two looks at the libraries.
    """

    def __init__(
        self,
        jobs: ScanJobRepository,
        kinds: Mapping[str, Kind],
        settings: Settings,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self.settings = settings
        self._jobs = jobs
        self._database = jobs.database
        self._libraries = LibraryRepository(jobs.database)
        self._kinds = kinds
        self._look_s = look_s
        self._watched: dict[int, tuple[_Key, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Watch until cancelled. No error ends it."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self._take_turns()
                pause = FIRST_PAUSE_S
            except Exception as error:  # noqa: BLE001 - whatever it is, changes of tomorrow are to be seen
                line = " ".join(str(error).split())[:300]
                _log.warning("libraries could not be watched: %s: %s", type(error).__name__, line)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_S, 2 * pause)

    async def _take_turns(self) -> None:
        """Wait until something is to be watched and nobody does; then watch."""
        while not await self._wanted():  # noqa: ASYNC110 - another process may change it, and rings no bell
            await asyncio.sleep(self._look_s)
        lock = lock_for(self._database, LOCK_ID)
        try:
            while not await lock.acquire():  # noqa: ASYNC110 - likewise
                await asyncio.sleep(self._look_s)
            while True:
                await self._settle(await self._wanted())
                await asyncio.sleep(self._look_s)
        finally:
            await self._stop(list(self._watched))
            await lock.release()

    async def _wanted(self) -> list[Library]:
        return [
            library
            for library in await self._libraries.all()
            if library.options.watch and library.kind in self._kinds
        ]

    async def _settle(self, wanted: list[Library]) -> None:
        """Begin and end watches until they are what is wanted."""
        keys = {library.id: _key(library) for library in wanted}
        await self._stop(
            [one for one, (key, task) in self._watched.items() if keys.get(one) != key or task.done()]
        )
        fresh = [library for library in wanted if library.id not in self._watched]
        async with self._database.read() as connection:
            known = await watches.every(connection)
        roots = {root.id for library in wanted for root in library.roots}
        if known.keys() - roots:
            await self._database.write(lambda connection: watches.keep_only(connection, roots))
        for library in fresh:
            rules = library_rules(self._kinds[library.kind], library.options)
            watch = LibraryWatch(library, rules, self._jobs, lambda: self.settings, known)
            self._watched[library.id] = (_key(library), asyncio.create_task(watch.run()))

    async def _stop(self, library_ids: list[int]) -> None:
        tasks = [self._watched.pop(one)[1] for one in set(library_ids)]
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                _log.error("a watch ended by an error and is begun anew", exc_info=outcome)


async def watched(database: Database) -> dict[int, RootWatch]:
    """How roots are watched now, by root: empty when no process watches."""
    async with database.read() as connection:
        found = await watches.every(connection)
    return found if found and await is_held(database, LOCK_ID) else {}


def _key(library: Library) -> _Key:
    roots = tuple((root.id, root.path) for root in library.roots)
    return (library.kind, library.options, roots)
