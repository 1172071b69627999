"""`shelfread worker`: the same workers as in `serve`, as a program of their own (PROMISES D28)."""

from __future__ import annotations

import asyncio
import logging

from shelfread.app import App, open_app
from shelfread.cli.crew import Crew
from shelfread.cli.logs import log_to_stderr
from shelfread.cli.outcome import FINE
from shelfread.cli.settled import database_words, taken_again
from shelfread.cli.staying import Order, Orders, stay
from shelfread.settings import SettingsProblem, read_settings, read_worker_settings

_log = logging.getLogger(__name__)


def work_off(count: int | None, once: bool) -> int:
    """Do jobs until told to leave, or one; gives the exit code.

    Args:
        count: how many at a time, instead of what the settings say.
        once: at most one, and then end.
    """
    settings = read_settings()
    log_to_stderr(settings.debug, settings.log_format)

    async def work(orders: Orders) -> int:
        async with open_app(settings) as app:
            _log.info("the catalogue is %s", database_words(app.database))
            return await (_one(app, orders) if once else _many(app, count, orders))

    return stay(work)


async def _many(app: App, count: int | None, orders: Orders) -> int:
    crew = Crew(app, "standalone", count)
    if trouble := crew.take_settings():
        # There is nothing to do without.
        raise SettingsProblem(trouble)
    running = asyncio.create_task(crew.run())
    attending = asyncio.create_task(_attend(app, crew, orders))
    try:
        await asyncio.wait({running, attending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        crew.leave()
        attending.cancel()
        await asyncio.wait({running, attending})
    running.result()
    return FINE


async def _attend(app: App, crew: Crew, orders: Orders) -> None:
    while (order := await orders.next()) is not Order.LEAVE:
        if order is Order.DRAIN:
            _log.info("told to drain")
            crew.drain()
            continue
        _log.info("told to read the settings again")
        app.settings = taken_again(app.settings)
        if trouble := crew.take_settings():
            _log.warning("%s; the workers stay as they are", trouble)
    _log.info("told to leave")


async def _one(app: App, orders: Orders) -> int:
    options, trouble = read_worker_settings()
    if options is None:
        raise SettingsProblem(trouble)
    async with app.workers("standalone", options) as group:
        working = asyncio.create_task(group.run_once())
        attending = asyncio.create_task(_told_to_leave(orders))
        await asyncio.wait({working, attending}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            _log.info("told to leave; its job goes back into the queue")
            await group.stop()
        attending.cancel()
        if not await working:
            _log.info("there was nothing to do")
    return FINE


async def _told_to_leave(orders: Orders) -> None:
    # One job is what it drains to anyway, and settings are read at the next start.
    while await orders.next() is not Order.LEAVE:
        pass
