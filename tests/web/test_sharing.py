"""One rendering of a part is for all who heard the same news and may do the same, and for nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shelfread.model.account import Right
from shelfread.web import asking, jobs, rendering, sharing
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.web import jobs_page_stand as stand
from tests.web.pages_stand import BROWSER, ON_SQLITE, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rendered of the list of jobs: the parts."""
    seen: list[str] = []
    page = rendering.page

    async def noted(request: Any, *args: Any, **more: Any) -> Any:
        seen.append(request.headers.get("x-part", "all of it"))
        return await page(request, *args, **more)

    monkeypatch.setattr(jobs, "page", noted)
    # However slow the machine is, a test is over before that.
    monkeypatch.setattr(sharing, "_FRESH_S", 600.0)
    return seen


async def ask(live: Live, heard: str | None, parts: str = "list,tabs", **more: Any) -> str:
    path = more.pop("path", "/jobs")
    headers = BROWSER | {"X-Part": parts} | ({} if heard is None else {"X-Heard": heard})
    answer = await live.ask("GET", path, headers=headers, **more)
    assert answer.status_code == 200
    assert "content-security-policy" in answer.headers
    return answer.text


async def test_who_heard_the_same_is_told_the_same_at_the_cost_of_one(
    live: Live, rendered: list[str]
) -> None:
    await stand.completed(live, await stand.library_of(live))
    told = await asyncio.gather(*(ask(live, "abc-7") for _ in range(10)))
    assert len(set(told)) == 1
    assert "Done 1" in words(told[0])
    assert rendered == ["list,tabs"]
    assert await ask(live, "abc-7") == told[0]
    assert len(rendered) == 1


async def test_after_other_news_it_is_rendered_anew(live: Live, rendered: list[str]) -> None:
    library = await stand.library_of(live)
    before = await ask(live, "abc-7")
    await stand.completed(live, library)
    assert "Done 1" in words(await ask(live, "abc-8"))
    assert "Done 1" not in words(before)
    assert len(rendered) == 2


async def test_after_something_was_done_by_a_form_it_is_rendered_anew(
    live: Live, rendered: list[str], music: Shelf
) -> None:
    music.tree.write("Bad/Bad/bad.mp3", b"")
    await music.scan()
    before = await ask(live, "abc-7", "groups", path="/problems")
    assert before == await ask(live, "abc-7", "groups", path="/problems")
    (problem,) = (await got(live, "/problems"))["items"]
    # No event tells of it.
    assert (await post(live, f"/problems/{problem['id']}/ignore")).status_code == 303
    assert "No problems." in await ask(live, "abc-7", "groups", path="/problems")


async def test_other_rights_addresses_and_parts_are_apart(live: Live, rendered: list[str]) -> None:
    job = await stand.failed(live, await stand.library_of(live), f"cannot open {stand.PLACE}")
    assert "secret" in await ask(live, "abc-7")
    for token in ("scan", "read"):
        assert "secret" not in await ask(live, "abc-7", token=token)
    assert job.id not in await ask(live, "abc-7", path="/jobs?status=completed")
    assert job.id not in await ask(live, "abc-7", "tabs")
    assert len(rendered) == 5
    user = await live.app.accounts.add_token("another", Right.READ)
    live.tokens["another"] = user[1]
    # Who it is makes no difference: nothing of it is in a part.
    assert "secret" not in await ask(live, "abc-7", token="another")
    assert len(rendered) == 5


async def test_whole_pages_and_those_who_heard_nothing_are_apart(live: Live, rendered: list[str]) -> None:
    for heard in (None, "", "x" * 101):
        for _ in range(2):
            await ask(live, heard)
    for _ in range(2):
        page = await live.ask("GET", "/jobs", headers=BROWSER | {"X-Heard": "abc-7"})
        assert page.text.startswith("<!doctype html>")
    assert len(rendered) == 8
    unknown = await live.ask("GET", "/jobs", token=None, headers=BROWSER | {"X-Part": "l", "X-Heard": "a-1"})
    assert unknown.status_code == 303


async def test_it_is_not_told_for_long(
    live: Live, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(live, "abc-7")
    monkeypatch.setattr(sharing, "_FRESH_S", 0.0)
    await ask(live, "abc-7")
    assert len(rendered) == 2


async def test_what_went_wrong_is_tried_again(
    live: Live, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("broken by a test")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "ask", broken)
        headers = BROWSER | {"X-Part": "list", "X-Heard": "abc-7"}
        several = await asyncio.gather(*(live.ask("GET", "/jobs", headers=headers) for _ in range(3)))
        assert [one.status_code for one in several] == [500] * 3
    assert "No job like this" in await ask(live, "abc-7", "list")


async def test_who_asked_first_and_left_takes_nothing_from_the_others(
    live: Live, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    own = asking.ask

    async def slow(*args: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await own(*args)

    monkeypatch.setattr(jobs, "ask", slow)
    first = asyncio.create_task(ask(live, "abc-7", "list"))
    await begun.wait()
    second = asyncio.create_task(ask(live, "abc-7", "list"))
    first.cancel()
    await asyncio.wait([first])
    go_on.set()
    assert "No job like this" in await second
    assert rendered == ["list"]
