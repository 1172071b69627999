"""`app.stream`: one reader for all who listen, and nothing left of it at the end."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from shelfread.app import open_app
from shelfread.app.listeners import FeedClosed, JobGone, Listener
from shelfread.settings import Settings
from shelfread.store import job_news

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _readers() -> int:
    """How many feeds read in this process."""
    return sum("Feed._run" in str(task.get_coro()) for task in asyncio.all_tasks())


async def test_there_is_one_reader_for_all_and_it_ends_with_the_catalogue(database_url: str) -> None:
    async with open_app(Settings(database_url=database_url)) as app:
        assert _readers() == 0
        async with app.feed.listen(), app.feed.listen(), app.feed.listen(7):
            assert _readers() == 1
        # It stays for those who come back.
        assert _readers() == 1
    assert _readers() == 0
    with pytest.raises(FeedClosed):
        async with app.feed.listen():
            pass


async def test_a_listener_hears_that_the_feed_is_closed(database_url: str) -> None:
    async with open_app(Settings(database_url=database_url)) as app, app.feed.listen() as listener:
        await app.feed.close()
        with pytest.raises(FeedClosed):
            await listener.take(1)


async def test_whoever_listens_to_a_job_that_is_gone_hears_so(database_url: str) -> None:
    async with open_app(Settings(database_url=database_url)) as app, app.feed.listen(7) as listener:
        with pytest.raises(JobGone):
            await listener.take(20)


async def test_a_job_that_is_asked_for_while_the_feed_looks_is_not_taken_for_gone(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = job_news.look
    heard: asyncio.Future[Listener] = asyncio.get_running_loop().create_future()
    async with open_app(Settings(database_url=database_url)) as app, AsyncExitStack() as listening:
        library = await app.libraries.add("Music", "music", [os.fsencode(tmp_path)])
        await listening.enter_async_context(app.feed.listen())

        async def meanwhile(connection: Any) -> job_news.Look:
            found = await look(connection)
            if not heard.done():
                job = (await app.request_scan(library)).job
                heard.set_result(await listening.enter_async_context(app.feed.listen(job.seq)))
            return found

        monkeypatch.setattr(job_news, "look", meanwhile)
        listener = await asyncio.wait_for(heard, 20)
        assert await listener.take(20)
