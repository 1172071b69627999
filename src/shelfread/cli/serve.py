"""`shelfread serve`: HTTP, managed workers, schedules and the watch in one process (PROMISES D26, D27)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
from dataclasses import dataclass

from shelfread.api.application import make_application
from shelfread.api.listening import CannotListen, HttpServer, is_local, listen, page_of, url_of
from shelfread.app import App, open_app
from shelfread.app.watching import watcher_of
from shelfread.cli.crew import Crew
from shelfread.cli.logs import log_to_stderr
from shelfread.cli.outcome import FAILED, FINE, USAGE
from shelfread.cli.settled import database_words, taken_again
from shelfread.cli.staying import Order, Orders, stay
from shelfread.cli.texts import complain, write_json
from shelfread.queue.schedule import Scheduler
from shelfread.settings import read_settings
from shelfread.web.pages import page_routers
from shelfread.web.plainly import Plainly

_log = logging.getLogger(__name__)


def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    as_json: bool,
    without_login: bool = False,
) -> int:
    """Serve until told to leave; gives the exit code.

    Args:
        host: where to listen, instead of what the settings say.
        port: likewise; 0 lets the system choose.
        workers: how many workers, likewise; 0 is none.
        as_json: print the address as one JSON document when it answers.
        without_login: everybody who can ask may do everything; on loopback only.
    """
    settings = read_settings()
    log_to_stderr(settings.debug, settings.log_format)
    try:
        sockets = listen(host or settings.host, settings.port if port is None else port)
    except CannotListen as error:
        complain(str(error))
        return FAILED

    asked = _Asked(host or settings.host, workers, as_json, without_login)
    typed = {"SHELFREAD_HOST": host or None, "SHELFREAD_PORT": port, "SHELFREAD_WORKER_COUNT": workers}

    async def work(orders: Orders) -> int:
        async with open_app(settings) as app:
            app.typed = {name: value for name, value in typed.items() if value is not None}
            return await _Server(app, sockets, asked).run(orders)

    try:
        if without_login and settings.trusted_proxies:
            complain(
                "--no-auth is for this machine only, and SHELFREAD_TRUSTED_PROXIES says that others come in "
                "over a proxy: leave one of them out"
            )
            return USAGE
        if not is_local(sockets):
            if without_login:
                complain("--no-auth works on loopback addresses only, and others would come in here, too")
                return USAGE
            if not settings.trusted_proxies:
                _log.warning(
                    "listening beyond this machine without encryption: passwords and tokens can be read on "
                    "the way; put a proxy with TLS in front, and name it in SHELFREAD_TRUSTED_PROXIES"
                )
        return stay(work)
    finally:
        for one in sockets:
            one.close()


def _spare_the_collector() -> None:
    """Keep what a server is made of out of the cyclic garbage collector's sight, for as long as it lives.

    Measured with two hundred clients that come at once: going through these 180 000 objects took 75 to
    100 ms, as much as all that was done for the clients, and everybody waits meanwhile.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line said."""

    host: str
    workers: int | None
    as_json: bool
    without_login: bool


class _Server:
    """The parts of a server, and how they end together."""

    def __init__(self, app: App, sockets: list[socket.socket], asked: _Asked) -> None:
        self._app = app
        self._url = url_of(sockets)
        self._page = page_of(sockets)
        self._asked = asked
        #: What the first user is made with; None when there is a user.
        self._secret: str | None = None
        self._crew = Crew(app, "managed", asked.workers)
        application = make_application(
            app,
            self._crew,
            host=asked.host,
            without_login=asked.without_login,
            pages=page_routers(),
            plainly=Plainly,
        )
        self._http = HttpServer(application, sockets)
        self._scheduler = Scheduler(app.jobs, app.settings, ring=app.bell.ring)
        self._watcher = watcher_of(app)

    async def run(self, orders: Orders) -> int:
        _log.info("the catalogue is %s", database_words(self._app.database))
        if not self._asked.without_login:
            self._secret = await self._app.accounts.set_up_secret()
        if trouble := self._crew.take_settings():
            _log.warning("%s; HTTP goes on without", trouble)
        unasked = [asyncio.create_task(self._scheduler.run()), asyncio.create_task(self._watcher.run())]
        parts = [asyncio.create_task(self._http.answer()), asyncio.create_task(self._crew.run())]
        attending = asyncio.create_task(self._attend(orders))
        try:
            # None of them ends by itself, unless something is broken.
            ended, _ = await asyncio.wait({attending, *unasked, *parts}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._crew.leave()
            # Event streams have no end of their own, and HTTP waits for its last answers.
            await self._app.feed.close()
            self._http.leave()
            for task in (attending, *unasked):
                task.cancel()
            await asyncio.wait({attending, *unasked, *parts})
        for task in ended:
            task.result()
        return FINE if attending in ended else FAILED

    async def _attend(self, orders: Orders) -> None:
        announcing = asyncio.create_task(self._announce())
        try:
            while (order := await orders.next()) is not Order.LEAVE:
                if order is Order.DRAIN:
                    _log.info("told to drain: HTTP goes on, without workers")
                    self._crew.drain()
                else:
                    self._reload()
        finally:
            announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await announcing
        _log.info("told to leave")

    async def _announce(self) -> None:
        await self._http.up.wait()
        _spare_the_collector()
        _log.info("listening on %s", self._url)
        told = {"url": self._url}
        if self._asked.without_login:
            _log.info("--no-auth: whoever can ask on this machine may do everything")
        elif self._secret is not None:
            # Behind #, so that a browser keeps it to itself, and no log of a proxy has it.
            told["setup_url"] = f"{self._page}/setup#{self._secret}"
            _log.info("there is no admin yet; this link makes the first one: %s", told["setup_url"])
        if self._asked.as_json:
            write_json(told)

    def _reload(self) -> None:
        _log.info("told to read the settings again")
        self._app.settings = settings = taken_again(self._app.settings)
        self._scheduler.settings = self._watcher.settings = settings
        if trouble := self._crew.take_settings():
            _log.warning("%s; the workers stay as they are", trouble)
