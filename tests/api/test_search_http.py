"""Searching over HTTP: what it finds in any script, and that it waits for no scan."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import found_of, got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _names(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["kind"], one.get("title") or one["name"]) for one in found["items"]]


async def test_a_search_finds_what_was_scanned_just_now(live: Live, music: Shelf) -> None:
    assert _names(await found_of(live, "joga")) == [("track", "Jóga")]
    found = await got(live, "/search?q=bjo&limit=1")
    assert found["complete"] is True
    assert found["items"][0]["kind"] == "artist"
    more = await got(live, f"/search?q=bjo&after={found['next']}")
    assert {one["kind"] for one in more["items"]} == {"release", "track"}
    assert _names(await got(live, "/search?q=bjo&kind=release")) == [("release", "Début")]


async def test_a_search_finds_any_script_by_what_people_type(live: Live, music: Shelf) -> None:
    music.tree.add("宇多田ヒカル/初恋/1.flac", title="誓い")
    music.tree.add("Sigur Rós/( )/1.flac", title="Hoppípolla")
    music.tree.add("Земфира/Вендетта/1.mp3", title="Ёлка")
    music.tree.add("아이유/꽃갈피/1.mp3", title="나의 옛날이야기")
    await music.scan()
    for typed, kind, name in (
        ("誓い", "track", "誓い"),
        ("多田", "artist", "宇多田ヒカル"),
        ("ヒカル", "artist", "宇多田ヒカル"),
        ("恋", "release", "初恋"),
        ("HOPPIPOLLA", "track", "Hoppípolla"),
        ("sigur ro", "artist", "Sigur Rós"),
        ("елка", "track", "Ёлка"),
        ("꽃갈피", "release", "꽃갈피"),
        ("( )", "release", "( )"),
    ):
        assert (kind, name) in _names(await found_of(live, typed)), typed


async def test_an_empty_catalogue_finds_nothing_and_says_so(live: Live) -> None:
    for typed in ("a", "", "誓い", "%"):
        found = await found_of(live, typed)
        assert found == {"items": [], "next": None, "complete": True}


async def test_a_search_waits_for_nobody_who_writes(live: Live, music: Shelf) -> None:
    await found_of(live, "joga")
    music.tree.add("Late/Late/1.mp3", title="Latecomer")
    await music.scan()
    writing, done = asyncio.Event(), asyncio.Event()

    async def hold(_connection: Any) -> None:
        writing.set()
        await done.wait()

    holder = asyncio.create_task(live.app.database.write(hold))
    await writing.wait()
    try:
        found = await asyncio.wait_for(got(live, "/search?q=joga"), 10)
        assert _names(found) == [("track", "Jóga")]
        if live.app.database.is_sqlite:
            # Only one may write there.
            assert found["complete"] is False
    finally:
        done.set()
        await holder
    assert _names(await found_of(live, "latecomer")) == [("track", "Latecomer")]
