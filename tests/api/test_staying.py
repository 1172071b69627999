"""`api.staying`: event streams end soon after what they came in with is over; over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

import pytest

from shelfread.api.cookie import COOKIE
from shelfread.app import App, visits
from shelfread.app.accounts import digest_of
from shelfread.app.visits import Visits
from shelfread.model.account import Right
from shelfread.store.clock import now_us
from tests.api.api_stand import PASSWORD, served
from tests.api.stream_client import Stream, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = "/api/v1/events"


async def _ended(stream: Stream) -> None:
    async with asyncio.timeout(10):
        await stream.all()
    # The snapshot that it began with, and why it ended.
    assert [told.name for told in stream.seen] == ["snapshot"]
    assert stream.comments >= 1


async def test_a_stream_ends_when_its_token_is_revoked_or_over_or_its_user_has_left(app: App) -> None:
    user = await app.accounts.add_user("ada", PASSWORD, Right.READ)
    other = await app.accounts.add_user("bob", PASSWORD, Right.READ)
    cookies = [await app.accounts.log_in(one) for one in (user, user, other)]
    revoked, secret = await app.accounts.add_token("revoked", Right.READ)
    _, expiring = await app.accounts.add_token("expiring", Right.READ, now_us() + 3600 * 1_000_000)
    with mock.patch.object(visits, "EACH_S", 0.05):
        async with served(app) as live:
            ways: list[dict[str, str]] = [
                *({"Cookie": f"{COOKIE}={cookie}"} for cookie in cookies),
                *({"Authorization": f"Bearer {one}"} for one in (secret, expiring)),
                live.headers("read"),
            ]
            streams = [opened(live.url, EVENTS, way) for way in ways]
            first, second, third, fourth, fifth, last = [await one.__aenter__() for one in streams]
            try:
                for one in (first, second, third, fourth, fifth, last):
                    assert one.status == 200
                    await one.next()
                reading = asyncio.create_task(last.next())
                await app.accounts.log_out(cookies[0])
                await _ended(first)
                await app.accounts.change_password(user.id, "something else")
                await _ended(second)
                await app.accounts.remove_user(other.id)
                await _ended(third)
                await app.accounts.revoke_token(revoked.id)
                await _ended(fourth)
                app.accounts._clock = lambda: now_us() + 7200 * 1_000_000
                await _ended(fifth)
                assert (await live.ask("GET", "/api/v1/me")).status_code == 200
                assert not reading.done(), "what is good stays"
                reading.cancel()
            finally:
                for stream in streams:
                    await stream.__aexit__(None, None, None)
            answer = await live.ask("GET", EVENTS, token=None, headers=ways[3])
            assert answer.status_code == 401


async def test_many_who_stay_with_one_token_are_one_question(app: App) -> None:
    asked: list[Any] = []
    often = asyncio.Event()
    good = app.accounts.still_good

    async def counted(proofs: Any) -> set[bytes]:
        asked.append(set(proofs))
        if len(asked) == 2:
            raise OSError("away")
        if len(asked) == 3:
            often.set()
        return await good(proofs)

    token, secret = await app.accounts.add_token("x", Right.READ)
    with mock.patch.object(app.accounts, "still_good", counted):
        here = Visits(app.accounts, 0.05)
        waiting = [asyncio.create_task(here.over(digest_of(secret))) for _ in range(50)]
        await asyncio.wait_for(often.wait(), 10)
        assert not any(one.done() for one in waiting), "a database that is away ends nobody's visit"
        await app.accounts.revoke_token(token.id)
        await asyncio.wait_for(asyncio.gather(*waiting), 10)
        assert set(map(len, asked)) == {1}
        assert here._looking is not None
        # Nobody stays, and nobody is asked for.
        await asyncio.wait_for(here._looking, 10)
