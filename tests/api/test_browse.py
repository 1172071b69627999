"""The catalogue, the search, the files and the problems over HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from shelfread.model.job import JobStatus
from shelfread.tasks.library_scan import Pools
from tests.api.api_stand import Live
from tests.conftest import Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(live: Live, tmp_path: Path, pools: Pools) -> AsyncIterator[Shelf]:
    """A scanned library of the server."""
    tree = Tree(tmp_path / "music")
    tree.add("Björk/Début/1.mp3", title="Jóga", track="1", date="1993", genre="Pop")
    tree.add("Björk/Début/2.mp3", title="Hyper", track="2", date="1993", genre="Pop")
    tree.add("Abba/Gold/1.ogg", title="Waterloo", track="1", date="1974", genre="Disco")
    library = await live.app.libraries.add("Music", "music", [os.fsencode(tree.path)])
    made = Shelf(live.app, library.id, [tree], pools)
    await made.scan()
    yield made


async def _get(live: Live, path: str, token: str = "read", **more: Any) -> Any:
    answer = await live.ask("GET", f"/api/v1{path}", token=token, **more)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def test_lists_are_sorted_filtered_and_paged(live: Live, shelf: Shelf) -> None:
    assert [one["name"] for one in (await _get(live, "/artists"))["items"]] == ["Abba", "Björk"]
    assert [one["title"] for one in (await _get(live, "/releases?sort=year"))["items"]] == ["Gold", "Début"]
    found = []
    page = await _get(live, "/tracks?order=desc&limit=1")
    while True:
        found += [one["title"] for one in page["items"]]
        if page["next"] is None:
            break
        page = await _get(live, f"/tracks?order=desc&limit=1&after={page['next']}")
    assert found == ["Waterloo", "Jóga", "Hyper"]
    assert [one["title"] for one in (await _get(live, "/tracks?genre=disco"))["items"]] == ["Waterloo"]
    assert [one["title"] for one in (await _get(live, "/tracks?year=1993"))["items"]] == ["Hyper", "Jóga"]
    assert (await _get(live, f"/tracks?library_id={shelf.library_id + 1}"))["items"] == []


async def test_one_of_each_shows_what_belongs_to_it(live: Live, shelf: Shelf) -> None:
    artist = (await _get(live, "/artists"))["items"][1]
    whole = await _get(live, f"/artists/{artist['id']}")
    assert [one["title"] for one in whole["releases"]["items"]] == ["Début"]
    assert whole["appearances"]["items"] == []
    release = await _get(live, f"/releases/{whole['releases']['items'][0]['id']}")
    assert [one["title"] for one in release["tracks"]["items"]] == ["Jóga", "Hyper"]
    assert release["artists"] == [{"id": artist["id"], "name": "Björk"}]
    track = await _get(live, f"/tracks/{release['tracks']['items'][0]['id']}")
    assert track["title"] == "Jóga"
    assert track["genres"] == ["Pop"]


async def test_paths_are_for_administrators_only(live: Live, shelf: Shelf) -> None:
    shelf.tree.add("Odd/Odd/1.mp3", title="Odd")
    os.rename(os.fsencode(shelf.tree / "Odd/Odd/1.mp3"), os.fsencode(shelf.tree / "Odd/Odd/") + b"/\xff.mp3")
    shelf.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await shelf.scan()
    for path in ("/tracks", "/search?q=odd&kind=track", "/problems"):
        for token in ("read", "scan"):
            listed = (await _get(live, path, token))["items"]
            assert listed
            assert not any("path" in key for one in listed for key in one)
            assert str(shelf.tree.path) not in str(listed)
        assert all(
            one["path"].startswith(str(shelf.tree.path)) for one in (await _get(live, path, "admin"))["items"]
        )
    (odd,) = (await _get(live, "/search?q=odd&kind=track", "admin"))["items"]
    assert "path_b64" in odd


async def test_a_search_finds_what_was_scanned_just_now(live: Live, shelf: Shelf) -> None:
    found = await _get(live, "/search?q=joga")
    assert [(one["kind"], one["title"]) for one in found["items"]] == [("track", "Jóga")]
    assert found["complete"] is True
    found = await _get(live, "/search?q=bjo&limit=1")
    assert found["items"][0]["kind"] == "artist"
    more = await _get(live, f"/search?q=bjo&after={found['next']}")
    assert {one["kind"] for one in more["items"]} == {"release", "track"}
    assert (await _get(live, "/search?q=bjo&kind=release"))["items"][0]["title"] == "Début"


HOSTILE = [
    "/artists/0",
    "/artists/-1",
    "/artists/..%2f..%2fetc",
    "/artists/%00",
    f"/artists/{10**30}",
    "/artists/1e3",
    "/releases/%F0%9F%98%80",
    "/releases/1%00",
    "/tracks/..%2f",
    "/tracks/٣",
    f"/tracks/{'9' * 5000}",
    "/tracks/..%2f/file",
    "/tracks/%00/file",
    f"/tracks/{10**30}/file",
    "/tracks/1;drop/file",
    "/tracks/999999999999/file",
    "/tracks?sort=id;drop",
    "/tracks?sort=number",
    "/tracks?order=up",
    "/tracks?limit=x",
    "/tracks?after=x",
    "/tracks?after=%00",
    f"/tracks?library_id={10**30}",
    "/tracks?artist_id=-1",
    "/tracks?year=99999",
    "/tracks?status=gone",
    "/tracks?has_problem=7",
    "/releases?status=ready",
    "/artists?sort=key",
    "/search",
    "/search?q=a&kind=all",
    f"/search?q={'a' * 10_001}",
    "/search?q=a&after=WyJzYSIsMF0",
    "/problems?code=x",
    "/problems?after=x",
    f"/problems?library_id={10**19}",
]


async def test_what_cannot_be_is_refused_and_never_a_fault(live: Live, shelf: Shelf) -> None:
    for path in HOSTILE:
        answer = await live.ask("GET", f"/api/v1{path}", token="admin")
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", path


async def test_odd_questions_that_can_be_asked_are_answered(live: Live, shelf: Shelf) -> None:
    for path in (
        "/releases?genre=';DROP TABLE tracks;--",
        "/search?q=",
        "/search?q=%22%27*%26%7C!()<->:",
        f"/search?q={quote('😀' * 100)}",
        f"/search?q={'a' * 5000}",
    ):
        await _get(live, path)
    for path in ("/tracks?genre=%00", "/tracks?genre=%FF%FE", "/search?q=%00", "/search?q=%ED%A0%80"):
        assert (await live.ask("GET", f"/api/v1{path}")).status_code in (200, 422), path


# Files


async def _track(live: Live, title: str) -> int:
    tracks = (await _get(live, "/tracks"))["items"]
    return next(int(one["id"]) for one in tracks if one["title"] == title)


async def test_a_file_is_sent_whole_and_in_parts(live: Live, shelf: Shelf) -> None:
    address = f"/api/v1/tracks/{await _track(live, 'Jóga')}/file"
    content = (shelf.tree / "Björk/Début/1.mp3").read_bytes()
    whole = await live.ask("GET", address, token="read")
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "audio/mpeg"
    assert whole.headers["content-disposition"] == "inline; filename=\"1.mp3\"; filename*=UTF-8''1.mp3"
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = await live.ask("HEAD", address, token="read")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "last-modified", "content-type", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]
    size, etag = len(content), whole.headers["etag"]
    for asked, part in (
        ("bytes=0-0", content[:1]),
        ("bytes=10-19", content[10:20]),
        ("bytes=10-", content[10:]),
        ("bytes=-5", content[-5:]),
        (f"bytes=-{10**12}", content),
        (f"bytes=5-{10**15}", content[5:]),
    ):
        answer = await live.ask("GET", address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, part), asked
        first = size - len(part) if asked.startswith("bytes=-") else int(asked[6:].split("-")[0])
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
    for asked in ("bytes=0-1,5-6", "bytes=9-3", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=" + "9" * 5000):
        answer = await live.ask("GET", address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (200, content), asked
    for asked in (f"bytes={size}-", "bytes=-0"):
        answer = await live.ask("GET", address, headers={"Range": asked})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"
    for said, status in (
        (etag, 206),
        (whole.headers["last-modified"], 206),
        ('"other"', 200),
        ("W/" + etag, 200),
    ):
        answer = await live.ask("GET", address, headers={"Range": "bytes=0-3", "If-Range": said})
        assert answer.status_code == status, said
    assert (await live.ask("GET", address, headers={"If-None-Match": etag})).status_code == 304
    since = {"If-Modified-Since": whole.headers["last-modified"]}
    assert (await live.ask("GET", address, headers=since)).status_code == 304


async def test_a_changed_file_is_sent_as_it_is(live: Live, shelf: Shelf) -> None:
    address = f"/api/v1/tracks/{await _track(live, 'Hyper')}/file"
    etag = (await live.ask("HEAD", address)).headers["etag"]
    (shelf.tree / "Björk/Début/2.mp3").write_bytes(b"x" * 300_000)
    answer = await live.ask("GET", address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (200, b"x" * 300_000)


async def test_what_is_no_file_of_the_library_any_more_is_not_sent(
    live: Live, shelf: Shelf, tmp_path: Path
) -> None:
    address = f"/api/v1/tracks/{await _track(live, 'Hyper')}/file"
    path = shelf.tree / "Björk/Début/2.mp3"
    secret = tmp_path / "secret"
    secret.write_text("secret")

    async def refused() -> None:
        answer = await live.ask("GET", address)
        assert answer.status_code == 404, answer.text
        assert answer.json()["type"] == "/problems/not-found"
        assert str(tmp_path) not in answer.text

    path.unlink()
    await refused()
    path.symlink_to(secret)
    await refused()
    path.unlink()
    os.mkfifo(path)
    await refused()
    path.unlink()
    path.mkdir()
    await refused()
    path.rmdir()
    # Also one that stays inside: this library follows no links, and there may be what it ignores.
    (shelf.tree / "kept").write_text("secret")
    path.symlink_to(shelf.tree / "kept")
    await refused()
    # The folder itself leads out now.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/2.mp3").write_text("secret")
    (shelf.tree / "Björk/Début").rename(shelf.tree / "away")
    (shelf.tree / "Björk/Début").symlink_to(tmp_path / "elsewhere")
    await refused()


async def test_a_name_that_is_no_ascii_is_told_safely(live: Live, shelf: Shelf) -> None:
    shelf.tree.add('Q/R/a"b\r\n;é%41.mp3', title="Odd name")
    await shelf.scan()
    answer = await live.ask("GET", f"/api/v1/tracks/{await _track(live, 'Odd name')}/file")
    assert answer.status_code == 200
    said = answer.headers["content-disposition"]
    assert said == "inline; filename=\"a_b____41.mp3\"; filename*=UTF-8''a%22b__%3B%C3%A9%2541.mp3".replace(
        "a_b____41", "a_b_____41"
    )


async def test_an_id_that_a_move_made_redundant_leads_to_the_file(live: Live, shelf: Shelf) -> None:
    shelf.tree.move("Abba/Gold/1.ogg", "Abba/Moved/1.ogg")
    await shelf.scan()
    # While the scan ran, the file had this id.
    (alias,) = await shelf.table("aliases")
    copy, first = alias["old_id"], alias["file_id"]
    for path in (f"/api/v1/tracks/{copy}", f"/api/v1/tracks/{copy}/file"):
        answer = await live.ask("GET", path)
        assert answer.status_code == 308
        assert answer.headers["location"] == path.replace(str(copy), str(first))
        assert (await live.ask("GET", answer.headers["location"])).status_code == 200


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(live: Live, shelf: Shelf) -> None:
    path = shelf.tree / "Björk/Début/1.mp3"
    with path.open("r+b") as file:
        file.truncate(200_000_000)
    address = f"/api/v1/tracks/{await _track(live, 'Jóga')}/file"

    def is_open() -> bool:
        links = Path("/proc/self/fd").iterdir()
        return any(
            os.path.lexists(one) and os.readlink(one) == str(path) for one in links if one.is_symlink()
        )

    for _ in range(3):
        reader, writer = await asyncio.open_connection(*_place(live.url))
        lines = [f"GET {address} HTTP/1.1", f"Host: {live.url.removeprefix('http://')}"]
        lines += [f"{name}: {value}" for name, value in live.headers().items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert is_open()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.close()
    for _ in range(2000):
        if not is_open():
            break
        # Each question is a turn of the loop that also serves the files.
        await live.ask("GET", "/healthz", token=None)
    assert not is_open()


def _place(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host.strip("[]"), int(port)


# Problems


async def test_a_problem_is_listed_and_tried_again_by_whoever_may_scan(live: Live, shelf: Shelf) -> None:
    shelf.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await shelf.scan()
    listed = await _get(live, "/problems")
    (problem,) = listed["items"]
    assert (await _get(live, f"/problems?code={problem['code']}&library_id={shelf.library_id}")) == listed
    assert (await _get(live, f"/problems?library_id={shelf.library_id + 1}"))["items"] == []
    track = (await _get(live, "/tracks?has_problem=true"))["items"]
    assert [one["problems"][0]["id"] for one in track] == [problem["id"]]
    # Nothing changed: a scan leaves it alone.
    await shelf.scan()
    assert shelf.opened == []
    again = f"/api/v1/problems/{problem['id']}/retry"
    assert (await live.ask("POST", again, token="read")).status_code == 403
    answer = await live.ask("POST", again, token="scan")
    assert answer.status_code == 202, answer.text
    job = await live.app.jobs.get(answer.json()["job_id"])
    assert job is not None
    assert (job.status, [scope.relative for scope in job.scopes]) == (JobStatus.QUEUED, [b"Bad/Bad"])
    assert (await live.ask("POST", again, token="scan")).json()["coalesced"] is True
    await shelf.scan()
    assert [Path(one).name for one in shelf.opened] == ["bad.flac"]
    for unknown in ("0", "999999", "%00", str(10**30), "..%2f"):
        assert (await live.ask("POST", f"/api/v1/problems/{unknown}/retry")).status_code == 404
