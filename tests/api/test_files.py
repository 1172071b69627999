"""Files over HTTP: whole, in parts, and what is not sent."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import track_of
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


@LASTING
async def test_a_file_is_sent_whole_and_in_parts(live: Live, music: Shelf) -> None:
    address = f"/api/v1/tracks/{await track_of(live, 'Jóga')}/file"
    content = (music.tree / "Björk/Début/1.mp3").read_bytes()
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


async def test_a_changed_file_is_sent_as_it_is(live: Live, music: Shelf) -> None:
    address = f"/api/v1/tracks/{await track_of(live, 'Hyper')}/file"
    etag = (await live.ask("HEAD", address)).headers["etag"]
    (music.tree / "Björk/Début/2.mp3").write_bytes(b"x" * 300_000)
    answer = await live.ask("GET", address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (200, b"x" * 300_000)


async def test_what_is_no_file_of_the_library_any_more_is_not_sent(
    live: Live, music: Shelf, tmp_path: Path
) -> None:
    address = f"/api/v1/tracks/{await track_of(live, 'Hyper')}/file"
    path = music.tree / "Björk/Début/2.mp3"
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
    (music.tree / "kept").write_text("secret")
    path.symlink_to(music.tree / "kept")
    await refused()
    # The folder itself leads out now.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/2.mp3").write_text("secret")
    (music.tree / "Björk/Début").rename(music.tree / "away")
    (music.tree / "Björk/Début").symlink_to(tmp_path / "elsewhere")
    await refused()


async def test_a_name_that_is_no_ascii_is_told_safely(live: Live, music: Shelf) -> None:
    music.tree.add('Q/R/a"b\r\n;é%41.mp3', title="Odd name")
    await music.scan()
    answer = await live.ask("GET", f"/api/v1/tracks/{await track_of(live, 'Odd name')}/file")
    assert answer.status_code == 200
    said = answer.headers["content-disposition"]
    assert said == "inline; filename=\"a_b____41.mp3\"; filename*=UTF-8''a%22b__%3B%C3%A9%2541.mp3".replace(
        "a_b____41", "a_b_____41"
    )


async def test_an_id_that_a_move_made_redundant_leads_to_the_file(live: Live, music: Shelf) -> None:
    music.tree.move("Abba/Gold/1.ogg", "Abba/Moved/1.ogg")
    await music.scan()
    # While the scan ran, the file had this id.
    (alias,) = await music.table("aliases")
    copy, first = alias["old_id"], alias["file_id"]
    for path in (f"/api/v1/tracks/{copy}", f"/api/v1/tracks/{copy}/file"):
        answer = await live.ask("GET", path)
        assert answer.status_code == 308
        assert answer.headers["location"] == path.replace(str(copy), str(first))
        assert (await live.ask("GET", answer.headers["location"])).status_code == 200


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(live: Live, music: Shelf) -> None:
    path = music.tree / "Björk/Début/1.mp3"
    with path.open("r+b") as file:
        file.truncate(200_000_000)
    address = f"/api/v1/tracks/{await track_of(live, 'Jóga')}/file"

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
    async with asyncio.timeout(60):
        while is_open():
            # Each question is a turn of the loop that also serves the files.
            await live.ask("GET", "/healthz", token=None)


def _place(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host.strip("[]"), int(port)


async def test_a_name_that_is_no_utf_8_and_one_of_any_script_are_sent(live: Live, music: Shelf) -> None:
    music.tree.add("Odd/Odd/1.mp3", title="Bytes")
    odd = os.fsencode(music.tree / "Odd/Odd/") + b"/\xff\xfe.mp3"
    os.rename(music.tree / "Odd/Odd/1.mp3", odd)
    music.tree.add("宇多田/初恋/誓い.mp3", title="Oath")
    await music.scan()
    for title, path, said in (
        ("Bytes", odd, "filename*=UTF-8''%EF%BF%BD%EF%BF%BD.mp3"),
        ("Oath", os.fsencode(music.tree / "宇多田/初恋/誓い.mp3"), "filename*=UTF-8''%E8%AA%93%E3%81%84.mp3"),
    ):
        address = f"/api/v1/tracks/{await track_of(live, title)}/file"
        answer = await live.ask("GET", address, token="read")
        assert (answer.status_code, answer.content) == (200, Path(os.fsdecode(path)).read_bytes())
        assert answer.headers["content-disposition"].endswith(said)
        part = await live.ask("GET", address, token="read", headers={"Range": "bytes=3-5"})
        assert (part.status_code, part.content) == (206, answer.content[3:6])


async def test_a_file_without_a_byte_has_no_part(live: Live, music: Shelf) -> None:
    address = f"/api/v1/tracks/{await track_of(live, 'Hyper')}/file"
    (music.tree / "Björk/Début/2.mp3").write_bytes(b"")
    whole = await live.ask("GET", address)
    assert (whole.status_code, whole.content, whole.headers["content-length"]) == (200, b"", "0")
    for asked in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        answer = await live.ask("GET", address, headers={"Range": asked})
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */0"), asked
