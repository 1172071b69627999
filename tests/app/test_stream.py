"""`app.stream`: one reader for all who listen, and nothing left of it at the end."""

from __future__ import annotations

import asyncio

import pytest

from shelfread.app import open_app
from shelfread.app.listeners import FeedClosed
from shelfread.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_reader_ends_with_the_catalogue_and_so_does_every_listener(database_url: str) -> None:
    before = asyncio.all_tasks()
    async with open_app(Settings(database_url=database_url)) as app, app.feed.listen():
        assert len(asyncio.all_tasks() - before) == 1
        async with app.feed.listen(7):
            assert len(asyncio.all_tasks() - before) == 1
    assert asyncio.all_tasks() == before
    with pytest.raises(FeedClosed):
        async with app.feed.listen():
            pass


async def test_a_listener_hears_that_the_feed_is_closed(database_url: str) -> None:
    async with open_app(Settings(database_url=database_url)) as app, app.feed.listen(7) as listener:
        await app.feed.close()
        with pytest.raises(FeedClosed):
            await listener.take(1)
