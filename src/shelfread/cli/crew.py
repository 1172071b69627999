"""The workers of a program that stays, as its settings want them (PROMISES D25-D28).

One task has the group opened, reloaded, drained and closed; orders come from signals, and what lacks is tried
again after a pause. `serve` shows it on `/readyz`. Knows no signal and no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from shelfread.app import App
from shelfread.cli.texts import counted
from shelfread.queue.group import WorkerGroup
from shelfread.settings import WorkerSettings, read_worker_settings

#: The pauses before a group that cannot be opened is tried again, in seconds.
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0)

_log = logging.getLogger(__name__)


class Crew:
    """The workers of this process. `take_settings`, then `run` in a task; `leave` ends it.

    Args:
        app: the open catalogue.
        kind: managed (beside HTTP) or standalone.
        count: how many, whatever the settings say.
    """

    def __init__(self, app: App, kind: str, count: int | None = None) -> None:
        self._app = app
        self._kind = kind
        self._count = count
        self._options: WorkerSettings | None = None
        self._group: WorkerGroup | None = None
        self._news = asyncio.Event()
        self._draining = False
        self._leaving = False
        self.settings_ok = True

    # What it is told

    def take_settings(self) -> str | None:
        """Read the settings and do as they say; ends a drain, too.

        Gives what is wrong with them; then everything stays as it was.
        """
        options, trouble = read_worker_settings()
        self.settings_ok = options is not None
        if options is None:
            return trouble
        if self._count is not None:
            options = options.model_copy(update={"enabled": self._count > 0, "count": max(self._count, 1)})
        self._options = options
        self._draining = False
        self._news.set()
        return None

    def drain(self) -> None:
        """No new work; what runs is done to its end."""
        self._draining = True
        self._news.set()

    def leave(self) -> None:
        """No new work, and what runs goes back into the queue; then `run` returns."""
        self._leaving = True
        self._news.set()

    # What it says of itself

    @property
    def worker_id(self) -> str | None:
        """By which id other processes know this one."""
        return self._group.worker_id if self._group is not None else None

    @property
    def wanted(self) -> int:
        """How many workers there should be."""
        options = self._options
        if options is None or self._draining or self._leaving:
            return 0
        return options.count if options.enabled or self._kind == "standalone" else 0

    @property
    def present(self) -> int:
        """How many can take a job, or do one."""
        return self._group.present if self._group is not None else 0

    @property
    def busy(self) -> int:
        """How many do a job."""
        return self._group.busy if self._group is not None else 0

    @property
    def state(self) -> str:
        """The word for it: see `api.health.Workers`."""
        if self._leaving:
            return "stopping"
        if self._options is None:
            return "broken_settings"
        if self._draining:
            return "draining" if self._group is not None else "drained"
        if not self.wanted:
            return "off"
        return "running" if self.present >= self.wanted else "starting"

    # What it does

    async def run(self) -> None:
        """Have the workers that are wanted, until told to leave; a standalone crew also ends when drained."""
        faults = 0
        while not self._leaving:
            self._news.clear()
            if not self.wanted:
                if self._draining and self._kind == "standalone":
                    return
                await self._news.wait()
                continue
            try:
                await self._have_group()
                faults = 0
            except Exception as error:  # noqa: BLE001 - the database may be away; HTTP goes on (D27)
                pause = PAUSES_S[min(faults, len(PAUSES_S) - 1)]
                faults += 1
                text = str(getattr(error, "orig", None) or error) or type(error).__name__
                _log.error("the workers cannot start, the next try is in %g s: %s", pause, text)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), pause)

    async def _have_group(self) -> None:
        """One group, from its opening until another one, or none, is wanted."""
        made_for = self._made_for()
        options = self._options
        assert options is not None
        async with self._app.workers(self._kind, options) as group:
            self._group = group
            try:
                group.start(options.count, options.poll_seconds)
                _log.info("%s from now on", counted(options.count, "worker"))
                while True:
                    await self._news.wait()
                    self._news.clear()
                    if self._leaving:
                        return
                    if not self.wanted or self._made_for() != made_for:
                        await self._emptied(group)
                        return
                    options = self._options
                    assert options is not None
                    group.reload(options.count, options.poll_seconds)
                    _log.info("%s from now on", counted(options.count, "worker"))
            finally:
                if not self._leaving:
                    self._group = None

    async def _emptied(self, group: WorkerGroup) -> None:
        """Wait until what runs is done, or until told to leave."""
        group.drain()
        if group.busy:
            _log.info("no new work; %s finished first", counted(group.busy, "job is", "jobs are"))
        drained = asyncio.ensure_future(group.drained())
        while not self._leaving and not drained.done():
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait([drained, news], return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            self._news.clear()
        if not drained.done():
            drained.cancel()
        elif not self.wanted:
            _log.info("all workers are gone, as was asked for")

    def _made_for(self) -> object:
        """What a group has for its whole life, so that another one is needed when it changes."""
        options = self._options
        return (options and (options.lease_seconds, options.stall_seconds), self._app.settings)
