"""One watched library: what its sources tell becomes scans, what tells nothing is scanned now and then.

Every root has a task of its own, which never ends by an error: it watches, or it sweeps, says which and why,
and tries to watch again. The hints of all roots come together in one collector. The walk is the truth (DESIGN
rule 7): a scan decides what has changed, hints only say where to look.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shelfread.model.job import JobRequest, JobType, Origin, Scope, UnknownLibrary
from shelfread.model.library import Library, Root
from shelfread.model.watching import RootWatch, WatchState
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.timeout import job_timeout
from shelfread.scan.explain import Explainer
from shelfread.scan.folder import WalkRules
from shelfread.settings import Settings
from shelfread.store import watches
from shelfread.store.clock import now_us, text_of
from shelfread.watch.collector import Collector
from shelfread.watch.source import Begun, Blind, Changed, Covered, News, RootSource

#: Seconds between two looks whether a root that is away has come back.
AWAY_S = 5.0
#: Pauses after a scan could not be asked for.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
#: A folder is looked at again after the settle time, then after twice that, and so on up to here.
LONGEST_SETTLING_S = 600.0

_log = logging.getLogger(__name__)

NewSource = Callable[[bytes, Callable[[News], None]], RootSource]


@dataclass(slots=True)
class _Young:
    """Parts that were scanned while files in them were young: to be looked at again."""

    scopes: tuple[Scope, ...]
    job_id: str
    pause_s: float
    at: float


class LibraryWatch:
    """The watch of one library, as it was when this was made. `run` it until it is cancelled.

    Args:
        library: what is watched.
        rules: those of its walk.
        jobs: where scans are asked for.
        settings: gives the settings of the moment.
        known: how its roots were watched before, by root.
        new_source: makes the source of a root.
    """

    def __init__(
        self,
        library: Library,
        rules: WalkRules,
        jobs: ScanJobRepository,
        settings: Callable[[], Settings],
        known: dict[int, RootWatch],
        new_source: NewSource = RootSource,
    ) -> None:
        self._library = library
        self._rules = rules
        self._jobs = jobs
        self._database = jobs.database
        self._settings = settings
        self._states = {root.id: known[root.id] for root in library.roots if root.id in known}
        self._new_source = new_source
        first = settings()
        self._collector = Collector(first.watch_quiet_seconds, first.watch_cap_seconds)
        self._noted = asyncio.Event()
        self._young: _Young | None = None

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._keep(root)) for root in self._library.roots]
        tasks.append(asyncio.create_task(self._fire()))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # Roots

    async def _keep(self, root: Root) -> None:
        """Watch a root, or sweep it, for ever."""
        before = self._states.get(root.id)
        if before is None or before.state is not WatchState.SWEEPING:
            await self._say(root, WatchState.STARTING, None)
        while True:
            try:
                blind = await self._watch(root)
            except Exception as error:  # noqa: BLE001 - the root is swept, whatever it is
                _log.exception("the watch of %s failed", text_of(root.path))
                blind = Blind(f"the watch failed: {type(error).__name__}: {error}")
            try:
                await self._sweep(root, blind)
            except Exception as error:  # noqa: BLE001 - likewise
                _log.warning("%s could not be swept: %s", text_of(root.path), _line(error))
                await asyncio.sleep(LONGEST_PAUSE_S)

    async def _watch(self, root: Root) -> Blind:
        """Follow a root until nothing is heard of it; gives why."""
        if self._library.options.follow_symlinks:
            return Blind("the library follows links, and what they lead to is not watched")
        loop = asyncio.get_running_loop()
        news: asyncio.Queue[News] = asyncio.Queue()

        def tell(one: News) -> None:
            # The loop may be closed before the thread knows.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(news.put_nowait, one)

        source = self._new_source(root.path, tell)
        source.start()
        try:
            while True:
                try:
                    async with asyncio.timeout(self._until_sweep(root)):
                        one = await news.get()
                except TimeoutError:
                    await self._swept(root)
                    continue
                if isinstance(one, Blind):
                    return one
                await self._heard(root, one)
        finally:
            source.stop()
            await asyncio.to_thread(source.join, 1.0)

    async def _heard(self, root: Root, one: News) -> None:
        if isinstance(one, Changed):
            for folder in one.folders:
                self._note(Scope(root.id, folder))
        elif isinstance(one, Begun):
            self._note(Scope(root.id, b""))
        elif isinstance(one, Covered):
            state = WatchState.WATCHING if one.reason is None else WatchState.PARTIAL
            await self._say(root, state, one.reason)

    def _until_sweep(self, root: Root) -> float | None:
        """Seconds until a root that is not heard of in full is to be scanned; None when it is."""
        state = self._states.get(root.id)
        if state is None or state.state is not WatchState.PARTIAL:
            return None
        return self._to_next(state)

    def _to_next(self, state: RootWatch) -> float:
        """Seconds until a root is to be scanned as a whole; that was done, too, when it came to its state."""
        last = max(state.since, state.swept_at or 0)
        return max(0.0, last / 1e6 + self._settings().watch_sweep_seconds - now_us() / 1e6)

    async def _sweep(self, root: Root, blind: Blind) -> None:
        """Wait until it is worth while to try the watch again; scan a root that is there when it is time."""
        before = self._states.get(root.id)
        begins = before is None or (before.state, before.reason) != (WatchState.SWEEPING, blind.reason)
        await self._say(root, WatchState.SWEEPING, blind.reason)
        if blind.away:
            if begins:
                # The scan says what has become of it, and that nothing under it is touched.
                self._note(Scope(root.id, b""))
            await asyncio.sleep(AWAY_S)
            return
        if begins or not self._to_next(self._states[root.id]):
            await self._swept(root)
        await asyncio.sleep(self._to_next(self._states[root.id]))

    async def _swept(self, root: Root) -> None:
        self._note(Scope(root.id, b""))
        if (state := self._states.get(root.id)) is not None:
            await self._write(replace(state, swept_at=now_us()))

    async def _say(self, root: Root, state: WatchState, reason: str | None) -> None:
        before = self._states.get(root.id)
        if before is not None and (before.state, before.reason) == (state, reason):
            return
        if reason is None:
            _log.info("%s: %s", text_of(root.path), state.value)
        else:
            _log.warning("%s: %s: %s", text_of(root.path), state.value, reason)
        swept_at = before.swept_at if before is not None else None
        await self._write(RootWatch(root.id, state, reason, now_us(), swept_at))

    async def _write(self, watch: RootWatch) -> None:
        self._states[watch.root_id] = watch
        try:
            await self._database.write(lambda connection: watches.put(connection, watch))
        except Exception as error:  # noqa: BLE001 - the root was removed, or the database is away
            _log.info("how root %d is watched could not be written down: %s", watch.root_id, _line(error))

    # Scans

    def _note(self, scope: Scope) -> None:
        self._collector.note(scope, time.monotonic())
        self._noted.set()

    async def _fire(self) -> None:
        """Ask for scans of what is due, for ever."""
        pause = FIRST_PAUSE_S
        while True:
            times = [self._collector.due_at, self._young.at if self._young else None]
            due = [one for one in times if one is not None]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(due) - time.monotonic()) if due else None):
                    await self._noted.wait()
            self._noted.clear()
            now = time.monotonic()
            scopes = self._collector.take(now)
            try:
                if scopes:
                    await self._request(await asyncio.to_thread(self._worth_while, scopes))
                elif self._young is not None and now >= self._young.at:
                    await self._look_again(self._young)
                pause = FIRST_PAUSE_S
            except Exception as error:  # noqa: BLE001 - the database is away: what was heard is kept
                _log.warning("no scan of library %d could be asked for: %s", self._library.id, _line(error))
                for scope in scopes:
                    self._collector.note(scope, now)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_S, 2 * pause)

    async def _request(self, scopes: Sequence[Scope], pause_s: float | None = None) -> None:
        if not scopes:
            return
        settings = self._settings()
        request = JobRequest(
            JobType.SCAN,
            self._library.id,
            tuple(scopes),
            origin=Origin.WATCH,
            timeout_s=await job_timeout(self._database, settings),
        )
        try:
            job = (await self._jobs.enqueue(request)).job
        except UnknownLibrary:
            return  # it was removed; whoever started this will notice
        if settings.settle_seconds > 0:
            # A file that was just written counts as young: its folder is looked at again when it is not.
            pause = pause_s or settings.settle_seconds
            older = self._young.scopes if self._young is not None else ()
            self._young = _Young((*older, *scopes), job.id, pause, time.monotonic() + pause + 0.1)

    async def _look_again(self, young: _Young) -> None:
        job = await self._jobs.get(young.job_id)
        if job is not None and not job.status.ended:
            young.at = time.monotonic() + young.pause_s
            return
        async with self._database.read() as connection:
            left = await watches.unsettled(connection, list(dict.fromkeys(young.scopes)))
        self._young = None
        if left and young.pause_s <= LONGEST_SETTLING_S:
            try:
                await self._request(left, young.pause_s * 2)
            except Exception:
                young.at = time.monotonic() + young.pause_s
                self._young = young
                raise

    def _worth_while(self, scopes: Sequence[Scope]) -> list[Scope]:
        """Without folders that are gone and those that no scan looks into; the folders above tell of both."""
        paths = {root.id: root.path for root in self._library.roots}
        explainers = {root: Explainer(paths[root], self._rules) for root in {one.root_id for one in scopes}}
        kept = []
        for scope in scopes:
            if scope.relative:
                verdict = explainers[scope.root_id].why(scope.relative)
                if not (verdict.taken or verdict.looked_into):
                    continue
            kept.append(scope)
        return kept


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
