"""The page of a job: what it tells to whom, its parts, its log as a file."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobType, LogLine, Phase, Reason
from tests.api.api_stand import Live
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf
from tests.web import jobs_page_stand as stand
from tests.web.pages_stand import BROWSER, HOSTILE, ON_SQLITE, get, part, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]

PARTS = ("head", "pace", "timeline", "others", "problems", "changes", "log", "activity")


async def newest(live: Live) -> str:
    """The job that was queued last."""
    (job,) = await live.app.jobs.listed(limit=1)
    return job.id


async def test_a_scan_that_is_done_tells_what_it_did(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    music.tree.delete("Abba/Gold/1.ogg")
    await music.scan()
    address = f"/jobs/{await newest(live)}"
    page = await get(live, address)
    said = words(page)
    assert "Scan of Music" in said
    assert re.search(r"Found</dt><dd[^>]*>3<", page)
    assert re.search(r"Missing</dt><dd[^>]*>1<", page)
    assert re.search(r"In trouble</dt><dd[^>]*>1<", page)
    assert "Beside earlier ones" in said
    assert "(this one)" in said
    assert "Bad/Bad/bad.flac" in page
    assert "Files in trouble" in said
    # The missing one is there, by its title, and leads to its page.
    assert re.search(r'<a href="/browse/tracks/\d+"><bdi>Waterloo</bdi></a>', page)
    assert "<progress" in page
    assert "<progress data-bar" not in page


async def test_who_may_only_read_sees_no_button_and_no_path(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    address = f"/jobs/{await newest(live)}"
    whole = await get(live, address)
    assert str(music.tree.path) in whole
    for token, may_act in (("read", False), ("scan", True)):
        page = await get(live, address, token=token)
        assert str(music.tree.path) not in page
        assert "bad.flac" not in page
        assert ("Do it again" in page, "Look again" in page) == (may_act, may_act)
        log = await live.ask("GET", f"{address}/log.txt", token=token, headers=BROWSER)
        assert log.status_code == 200
        assert "bad.flac" not in log.text
    assert "bad.flac" in (await live.ask("GET", f"{address}/log.txt", headers=BROWSER)).text


async def test_where_a_running_scan_is_only_administrators_see(live: Live) -> None:
    job = await stand.running(live, await stand.library_of(live))
    await stand.batch(live, job, 5, LogLine("warning", f"cannot read {stand.PLACE}", b"/secret/other"))
    assert stand.PLACE in await get(live, f"/jobs/{job.id}")
    for token in ("read", "scan"):
        page = await get(live, f"/jobs/{job.id}", token=token)
        assert "secret" not in page
        assert "data-path" not in page
        assert ("Cancel" in words(page)) == (token == "scan")


@LASTING
@pytest.mark.parametrize("job_id", ["nothing", "counts", "%2e%2e", "%00", "a%2Fb", "%ed%a0%80", "x" * 3000])
async def test_what_is_no_job_is_a_page_that_says_so(live: Live, job_id: str) -> None:
    for more in ("", "/log.txt"):
        answer = await live.ask("GET", f"/jobs/{job_id}{more}", headers=BROWSER)
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True), answer.text


async def test_parts_come_alone_and_are_those_of_the_page(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    library = await music.library()
    for job_id in (
        await newest(live),
        (await stand.completed(live, library, JobType.COVERS)).id,
        (await stand.running(live, library)).id,
        (await stand.queued(live, library, inside=b"Bad")).id,
    ):
        whole = await get(live, f"/jobs/{job_id}")
        for name in PARTS:
            alone = (await part(live, f"/jobs/{job_id}", name)).strip()
            assert alone in whole, name
    several = await live.ask("GET", f"/jobs/{job_id}", headers=BROWSER | {"X-Part": ",".join(PARTS)})
    assert re.findall(r'<template data-part="(\w+)"', several.text) == list(PARTS)


async def test_what_holds_a_job_up_is_told(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.running(live, library)
    address = f"/jobs/{job.id}"
    await live.app.cancel(job.id)
    page = await get(live, address)
    assert "It was asked to stop, and does so at the end of what it has in hand." in words(page)
    assert ">cancelling<" in page
    # Asked once is asked.
    assert "Stop this job?" not in page
    await live.app.jobs.end_cancelled(job)
    other = await stand.running(live, library, inside=b"x")
    await live.app.jobs.lose(other, Reason.WORKER_LOST, "its process is gone")
    said = words(await get(live, f"/jobs/{other.id}"))
    # Whoever is slow sees that the pause is over.
    assert re.search(r"Its worker is gone; it goes on (in \d+ s|as soon as a worker is free)\.", said)
    assert "Taken from its worker, back in the queue: its worker is gone; its process is gone" in said
    waits = await stand.queued(live, library, inside=b"y")
    assert "It begins as soon as a worker is free." in words(await get(live, f"/jobs/{waits.id}"))


async def test_a_running_scan_has_bars_numbers_and_its_pace(live: Live) -> None:
    job = await stand.running(live, await stand.library_of(live))
    page = await get(live, f"/jobs/{job.id}")
    assert '<li data-step="discovering" class="now" aria-current="step">' in page
    assert "<progress aria-label=" in page
    for done in (50, 100, 200, 250, 300, 350, 400):
        await stand.batch(live, job, done, total=500)
    page = await get(live, f"/jobs/{job.id}")
    assert '<progress max="500" value="400"' in page
    of = '<span data-of> of <span data-count="total">500<'
    assert f'<strong data-count="processed">400</strong>{of}' in page
    assert re.search(r'<polyline points="0\.0,', page)


async def test_nothing_is_asked_for_twice_by_its_links(live: Live, music: Shelf) -> None:
    for number in range(60):
        music.tree.add(f"New/Songs/{number}.mp3", seed=1, title=f"Song {number}")
    music.tree.delete("Abba/Gold/1.ogg")
    await music.scan()
    address = f"/jobs/{await newest(live)}"
    page = await get(live, f"{address}?level=warning&change=added")
    links = {unescape(one) for one in re.findall(r'href="(\?[^"]+)"', page)}
    assert "?level=warning&change=missing#changes" in links
    assert "?level=error&change=added#log" in links
    (more,) = [one for one in links if "after=" in one]
    assert more.startswith("?level=warning&change=added&after=")
    assert more.endswith("#changes")
    first = set(re.findall(r"<bdi>(Song \d+)</bdi></a>", page))
    rest = set(re.findall(r"<bdi>(Song \d+)</bdi></a>", await get(live, address + more.partition("#")[0])))
    assert len(first) == 50
    assert first | rest == {f"Song {number}" for number in range(60)}
    assert not first & rest
    # Another kind of change begins at its beginning.
    other = await get(live, address + more.partition("#")[0])
    assert re.search(r'href="\?level=warning&amp;change=missing#changes"', other)
    # What nobody knows is not chosen.
    odd = await get(live, f"{address}?level=loud&change=x")
    assert re.search(r'href="\?level=info&amp;change=x#log" aria-current="page"', odd)
    assert re.search(r'href="\?level=loud&amp;change=added#changes" aria-current="page"', odd)
    assert (await live.ask("GET", f"{address}?after=odd", headers=BROWSER)).status_code == 422


async def test_hostile_texts_are_texts_in_the_page_and_lines_in_the_file(live: Live) -> None:
    library = await stand.library_of(live, f"M {HOSTILE}")
    job = await stand.running(live, library)
    forged = "2026-01-01T00:00:00.000000Z error   forged"
    lines = [
        LogLine(
            "warning", f"{HOSTILE}\r\n{forged}\u2028{forged}", b"/a\n" + forged.encode() + b"\xff\x1b[2J"
        ),
        LogLine("info", "</template><script>alert(1)</script>"),
    ]
    await stand.batch(live, job, 1, *lines, path=f"/p/{HOSTILE}")
    await live.app.jobs.fail(job, Reason.EXCEPTION, f"why {HOSTILE}")
    page = await get(live, f"/jobs/{job.id}")
    alone = await part(live, f"/jobs/{job.id}", "log")
    for text in (page, alone):
        assert "<img src=x" not in text
        assert "<script>" not in text
        assert not re.search("[\u202e\x1b\u2028]", text)
    assert "why &lt;img src=x onerror=alert(1)&gt;\ufffd evil" in page
    log = await live.ask("GET", f"/jobs/{job.id}/log.txt", headers=BROWSER)
    assert log.headers["content-type"] == "text/plain; charset=utf-8"
    disposition = f'attachment; filename="job-{job.id[:8]}.txt"'
    assert log.headers["content-disposition"] == disposition
    told = await live.app.jobs.logs((await live.app.jobs.listed(limit=1))[0].seq, 0, 100)
    assert len(told) == 4
    assert len(log.text.splitlines()) == 4
    assert not [line for line in log.text.splitlines() if line.startswith(forged)]
    assert not re.search("[\u202e\x1b\x00]", log.text)


async def test_a_log_of_many_lines_is_whole_in_the_file(live: Live) -> None:
    job = await stand.running(live, await stand.library_of(live))
    for start in range(0, 1200, 400):
        lines = [LogLine("info", f"line {number}") for number in range(start, start + 400)]
        await stand.batch(live, job, start, *lines)
    log = (await live.ask("GET", f"/jobs/{job.id}/log.txt", headers=BROWSER)).text
    assert re.findall(r"line (\d+)$", log, re.M) == [str(number) for number in range(1200)]
    page = await get(live, f"/jobs/{job.id}")
    assert re.findall(r"<bdi>line (\d+)</bdi>", page) == [str(number) for number in range(1199, 1099, -1)]


async def test_a_job_without_a_library_or_whose_library_went_has_a_page(live: Live) -> None:
    library = await stand.library_of(live)
    job = await stand.completed(live, library, JobType.COVERS)
    page = await get(live, f"/jobs/{job.id}")
    assert "Covers of Music" in words(page)
    assert 'data-part="pace"' not in page
    assert 'class="phases"' not in page
    report = BatchReport(Counters(found=1, failed=1), Phase.DONE)
    scan = await stand.running(live, library)
    assert await live.app.jobs.finish(scan, None, report)
    assert "Scan of Music" in words(await get(live, f"/jobs/{scan.id}"))


async def test_the_parts_of_one_request_lead_to_one_another(live: Live, music: Shelf) -> None:
    asked = {"paths": [str(music.tree.path / "Abba"), str(music.tree.path / "Björk")], "split_paths": True}
    made = (await live.ask("POST", "/api/v1/analyzer/library/scan", json=asked)).json()["job_ids"]
    page = await get(live, f"/jobs/{made[0]}")
    assert "The other parts of this request" in page
    assert f'href="/jobs/{made[1]}"' in page
    assert str(music.tree.path / "Abba") in page
    cancelled = await post(live, f"/jobs/{made[0]}/cancel", {"next": f"/jobs/{made[0]}?level=error"})
    assert cancelled.headers["location"] == f"/jobs/{made[0]}?level=error&done=stopped"
