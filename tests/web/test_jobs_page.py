"""The list of jobs: who sees and may do what, what is chosen, many at once."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shelfread.model.job import Job, JobStatus, JobType, LogLine
from shelfread.web import jobs
from tests.api.api_stand import Live
from tests.api.lasting_servers import LASTING
from tests.web import jobs_page_stand as stand
from tests.web.pages_stand import BROWSER, HOSTILE, ON_SQLITE, get, part, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


def rows(page: str) -> list[str]:
    """The jobs of a list, in its order."""
    return re.findall(r'<tr data-row data-job="([^"]+)"', page)


def tabs(page: str) -> dict[str, tuple[str, bool]]:
    """Where each state leads to, and whether it is the one that is shown."""
    found = re.findall(r'<a href="(/jobs\?[^"]*)"( aria-current="page")?>([A-Z]\w+) <span', page)
    return {name: (unescape(address), bool(current)) for address, current, name in found}


async def status_of(live: Live, job: Job) -> JobStatus:
    found = await live.app.jobs.get(job.id)
    assert found is not None
    return found.status


@LASTING
async def test_without_a_job_the_page_says_what_to_do(live: Live) -> None:
    page = await get(live, "/jobs")
    assert "No job like this. Start a scan from the page of a library." in page
    assert "Stop the ticked" not in page


async def test_jobs_are_shown_with_their_library_state_and_count(live: Live) -> None:
    library = await stand.library_of(live)
    done = await stand.completed(live, library)
    runs = await stand.running(live, library)
    await stand.batch(live, runs, 1234, total=5000)
    page = await get(live, "/jobs")
    assert rows(page) == [runs.id, done.id]
    said = words(page)
    assert "1 234 of 5 000 files" in said
    assert "3 files, 3 added" in said
    for tab in ("All 2", "Waiting 0", "Running 1", "Done 1", "Failed 0", "Cancelled 0"):
        assert tab in said


async def test_who_may_only_read_sees_no_button_and_no_path_and_no_form_of_theirs_works(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.failed(live, library, f"cannot open '{stand.PLACE}/1.mp3'")
    waits = await stand.queued(live, library)
    read = await get(live, "/jobs", token="read")
    assert rows(read) == [waits.id, job.id]
    for button in ("Stop the ticked", "Do the ticked again", "checkbox", "/cancel", "/retry"):
        assert button not in read
        assert button in await get(live, "/jobs") or button == "/retry"
    for token in ("read", "scan"):
        assert "secret" not in await get(live, "/jobs", token=token)
    assert "secret" in await get(live, "/jobs")
    for path, form in (
        ("/jobs", {"act": "cancel", "job": waits.id}),
        (f"/jobs/{waits.id}/cancel", None),
        (f"/jobs/{job.id}/retry", None),
    ):
        answer = await post(live, path, form, token="read")
        assert answer.status_code == 403, path
        assert "This is not for you" in answer.text
    assert await status_of(live, waits) is JobStatus.QUEUED
    assert sum((await live.app.jobs.counts()).values()) == 2
    assert (await post(live, f"/jobs/{waits.id}/cancel", token="scan")).status_code == 303


async def test_what_is_chosen_stays_while_something_else_is(live: Live) -> None:
    music, books = await stand.library_of(live, "Music"), await stand.library_of(live, "Books")
    wanted = await stand.failed(live, music, "why")
    await stand.failed(live, books, "why")
    await stand.completed(live, music)
    await stand.queued(live, music, JobType.COVERS)
    address = f"/jobs?status=failed&type=scan&library_id={music.id}"
    page = await get(live, address)
    assert rows(page) == [wanted.id]
    # The states keep the kind and the library, and the form keeps the state.
    assert tabs(page)["Failed"] == (f"/jobs?type=scan&library_id={music.id}&status=failed", True)
    assert tabs(page)["Done"] == (f"/jobs?type=scan&library_id={music.id}&status=completed", False)
    assert "All 2" in words(page)
    assert '<input type="hidden" name="status" value="failed">' in page
    assert '<option value="scan" selected>Scan</option>' in page
    assert f'<option value="{music.id}" selected>Music</option>' in page
    # As its own forms send it, with what is not chosen.
    assert len(rows(await get(live, "/jobs?type=&library_id="))) == 4
    assert len(rows(await get(live, "/jobs?status=&type=covers&library_id="))) == 1


async def test_the_list_goes_on_page_by_page_with_what_is_chosen(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_ROWS", 2)
    library = await stand.library_of(live)
    made = [(await stand.failed(live, library, "why")).id for _ in range(5)]
    await stand.completed(live, library)
    seen: list[str] = []
    address = f"/jobs?status=failed&library_id={library.id}"
    while address:
        page = await get(live, address)
        seen += rows(page)
        # Only the beginning of a list moves.
        assert ('data-part="list" data-on="jobs"' in page) == ("after=" not in address)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(found[1]) if found else ""
        assert not address or f"library_id={library.id}&status=failed&after=" in address
    assert seen == made[::-1]


@LASTING
@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "type=nonsense", "library_id=x", "library_id=-1", "after=nonsense", "after=%00%ff"],
)
async def test_an_address_that_nobody_understands_is_a_page_that_says_so(live: Live, query: str) -> None:
    page = await get(live, f"/jobs?{query}", status=422)
    assert page.startswith("<!doctype html>")
    assert "Something in this address cannot be understood" in words(page)
    assert "query." not in page
    assert "Input should be" not in page


async def test_parts_come_alone_and_with_what_was_chosen(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.failed(live, library, "why")
    await stand.queued(live, library)
    assert rows(await part(live, "/jobs?status=failed", "list")) == [job.id]
    assert tabs(await part(live, "/jobs?status=failed", "tabs"))["Failed"][1] is True
    both = await live.ask("GET", "/jobs", headers=BROWSER | {"X-Part": "tabs,nothing, activity"})
    assert re.findall(r'<template data-part="(\w+)"', both.text) == ["tabs", "activity"]
    assert "1 job is under way" in words(both.text)
    assert (await live.ask("GET", "/jobs", headers=BROWSER | {"X-Part": ""})).text == ""
    unknown = await live.ask("GET", "/jobs", token=None, headers=BROWSER | {"X-Part": "list"})
    assert (unknown.status_code, unknown.headers["location"]) == (303, "/login?next=%2Fjobs")


async def test_buttons_for_the_ticked_come_with_the_first_job(live: Live) -> None:
    assert "Stop the ticked" not in await part(live, "/jobs", "list")
    await stand.queued(live, await stand.library_of(live))
    assert "Stop the ticked" in await part(live, "/jobs", "list")


async def test_many_are_stopped_at_once_and_one_that_ended_meanwhile_is_in_nobodys_way(live: Live) -> None:
    library = await stand.library_of(live)
    ended = await stand.completed(live, library)
    runs = await stand.running(live, library, JobType.COVERS)
    waits = await stand.queued(live, library, JobType.SCAN, b"a")
    form = {
        "act": "cancel",
        "job": [ended.id, runs.id, waits.id],
        "next": "/jobs?library_id=1&done=retry",
    }
    answer = await post(live, "/jobs", form, token="scan")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?library_id=1&done=cancelled")
    assert [await status_of(live, one) for one in (ended, waits)] == ["completed", "cancelled"]
    asked = await live.app.jobs.get(runs.id)
    assert asked is not None
    assert asked.cancel_requested_at is not None
    page = await get(live, answer.headers["location"])
    assert "Those that had not ended were asked to stop." in page
    assert ">cancelling<" in page
    # What was said once is not said again by the next form.
    assert '<input type="hidden" name="next" value="/jobs?library_id=1">' in page


async def test_many_are_done_again_and_those_that_cannot_be_are_told(live: Live) -> None:
    library = await stand.library_of(live)
    first = await stand.failed(live, library, "why", b"a")
    second = await stand.failed(live, library, "why", b"b")
    answer = await post(live, "/jobs", {"act": "retry", "job": [first.id], "next": "/jobs"})
    assert answer.headers["location"] == "/jobs?done=retried"
    (waits,) = await live.app.jobs.listed(statuses=["queued"], limit=10)
    form = {"act": "retry", "job": [second.id, waits.id, "no-such-job"], "next": "/jobs"}
    answer = await post(live, "/jobs", form)
    assert answer.status_code == 404
    assert "1 of 3 are done; the last of the others: there is no job no-such-job." in words(answer.text)
    answer = await post(live, "/jobs", {"act": "retry", "job": [waits.id]})
    assert answer.status_code == 409
    assert "is queued and has not ended: wait for its end, or cancel it first." in words(answer.text)
    answer = await post(live, "/jobs", {"act": "retry", "job": [waits.id, waits.id]})
    assert "None of them is done; the last of the others:" in words(answer.text)


@pytest.mark.parametrize(
    "form",
    [
        {"act": "cancel"},
        {"act": "retry", "job": " "},
        {"act": "remove", "job": "x"},
        {"job": "x"},
        {"act": "retry", "job": ["x"] * 201},
    ],
)
async def test_nothing_ticked_or_nothing_to_do_is_told(live: Live, form: dict[str, str | list[str]]) -> None:
    job = await stand.queued(live, await stand.library_of(live))
    answer = await post(live, "/jobs?status=queued", form)
    assert answer.status_code == 422
    assert "Tick the jobs first, 200 at most." in answer.text
    assert rows(answer.text) == [job.id]
    assert '<input type="hidden" name="next" value="/jobs?status=queued">' in answer.text


async def test_one_is_stopped_and_what_is_said_is_what_happened(live: Live) -> None:
    library = await stand.library_of(live)
    waits = await stand.queued(live, library, JobType.CONVERT)
    for job, done, said in (
        (waits, "stopped", "It is cancelled."),
        (await stand.running(live, library, JobType.COVERS), "cancel", "It was asked to stop."),
        (await stand.completed(live, library), "over", "It had ended already."),
    ):
        answer = await post(live, f"/jobs/{job.id}/cancel", {"next": "/problems?done=retry"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/problems?done={done}")
        assert said in words(await get(live, answer.headers["location"]))
    for path in ("/jobs/no-such-job/cancel", "/jobs/no-such-job/retry", "/jobs/counts/cancel"):
        answer = await post(live, path)
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)
    other = await post(live, f"/jobs/{waits.id}/cancel", {"next": "https://elsewhere.example/"})
    assert other.headers["location"] == "/jobs?done=stopped"


async def test_done_again_leads_to_the_new_job_and_one_that_waits_is_no_page_of_errors(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.failed(live, library, "why")
    answer = await post(live, f"/jobs/{job.id}/retry")
    (again,) = await live.app.jobs.listed(statuses=["queued"], limit=10)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{again.id}?done=retry")
    assert "It is tried again." in await get(live, answer.headers["location"])
    refused = await post(live, f"/jobs/{again.id}/retry")
    assert refused.status_code == 409
    said = words(refused.text)
    assert "This cannot be done now" in said
    assert "is queued and has not ended: wait for its end, or cancel it first" in said


async def test_hostile_texts_are_texts(live: Live) -> None:
    library = await stand.library_of(live, f"M {HOSTILE}")
    job = await stand.failed(live, library, f"why {HOSTILE} {'x' * 500}")
    await stand.batch(live, await stand.running(live, library), 1, LogLine("info", HOSTILE), path=HOSTILE)
    page = await get(live, "/jobs")
    assert job.id in rows(page)
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\ufffd evil" in page
    assert "x" * 200 not in page


async def test_what_is_under_way_is_on_every_page_and_can_be_stopped_from_there(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.running(live, library)
    page = await get(live, "/problems?aside=1")
    assert "1 job is under way" in words(page)
    # The form leads back to the same page with what was chosen; and the box stays open or closed by its id.
    cancel = f'<form method="post" action="/jobs/{job.id}/cancel">'
    assert f'{cancel}<input type="hidden" name="next" value="/problems?aside=1">' in page
    assert '<details class="now" id="under-way" open>' in page
    read = await get(live, "/problems", token="read")
    assert "1 job is under way" in words(read)
    assert "/cancel" not in read
