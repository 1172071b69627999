"""What stands beside videos, in folders that hold none themselves, and videos that are only addresses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.corpus.video import Film, Sound
from shelfread.app import KINDS
from shelfread.model.library import LibraryOptions
from shelfread.tasks.library_scan import warm
from tests.conftest import SIZES, NewShelf, Shelf
from tests.covers.pictures import picture
from tests.media.video.films_on_disk import made
from tests.media.video.probes import answering, put_probe

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: A stream in the words of ffprobe.
SOUND = {"codec_type": "audio", "codec_name": "aac"}


async def sidecars(shelf: Shelf) -> dict[str, tuple[str, object]]:
    """Type and facts of what is recorded, by its path below the root."""
    folders = {row["id"]: row["path"].decode() for row in await shelf.table("folders")}
    return {
        "/".join(filter(None, (folders[row["folder_id"]], row["name_text"]))): (
            row["type"],
            json.loads(row["facts"]) if row["facts"] else None,
        )
        for row in await shelf.table("sidecars")
    }


async def test_a_folder_without_a_video_has_its_sidecars_recorded_and_costs_nothing_unchanged(
    video_shelf: Shelf,
) -> None:
    tree = video_shelf.tree
    tree.write("Fog/Season 1/Fog S01E01.mkv", made(Film()))
    tree.write("Fog/tvshow.nfo", b"<tvshow><title>Fog</title></tvshow>")
    tree.write("Fog/season01-banner.png", picture(form="PNG"))
    tree.write("Fog/Season 1/Subs/Fog S01E01.de.forced.srt", b"1\n")
    tree.write("Fog/Season 1/Subs/2_English.srt", b"1\n")
    tree.write("Fog/Season 1/Fog S01E01-thumb.jpg", picture())
    assert await video_shelf.scan() == {"added": 1}
    found = await sidecars(video_shelf)
    assert found["Fog/tvshow.nfo"][0] == "show"
    assert found["Fog/season01-banner.png"] == ("banner", {"season": 1})
    assert found["Fog/Season 1/Fog S01E01-thumb.jpg"] == ("thumb", {"of": "Fog S01E01"})
    kind, facts = found["Fog/Season 1/Subs/Fog S01E01.de.forced.srt"]
    assert kind == "subtitle"
    assert isinstance(facts, dict)
    assert (facts["language"], facts["forced"]) == ("de", True)
    assert found["Fog/Season 1/Subs/2_English.srt"][0] == "subtitle"
    assert await video_shelf.scan() == {"unchanged": 1}
    assert video_shelf.opened == []
    # What goes from such a folder is forgotten, what changes there is read again, and no video with it.
    tree.delete("Fog/Season 1/Subs/2_English.srt")
    tree.write("Fog/Season 1/Subs/Fog S01E01.fr.srt", b"1\n")
    assert await video_shelf.scan() == {"unchanged": 1}
    assert [path.rpartition("/")[2] for path in video_shelf.opened] == ["Fog S01E01.fr.srt"]
    after = await sidecars(video_shelf)
    assert after.keys() ^ found.keys() == {
        "Fog/Season 1/Subs/2_English.srt",
        "Fog/Season 1/Subs/Fog S01E01.fr.srt",
    }


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/film.mkv", "/etc/passwd", "smb://x\n", "\0" * 50])
async def test_an_address_in_place_of_a_film_is_listed_and_never_followed(
    new_video_shelf: NewShelf, address: str
) -> None:
    shelf = await new_video_shelf()
    shelf.tree.write("Owls (2001)/Owls (2001).strm", address.encode())
    shelf.tree.write("Fog/Season 1/Fog S01E01.strm", address.encode())
    assert await shelf.scan() == {"added": 2}
    rows = {row["container"]: json.loads(row["facts"]) for row in await shelf.table("videos")}
    assert set(rows) == {"strm"}
    assert not any("streams" in facts or "duration_s" in facts for facts in rows.values())
    assert [row["title"] for row in await shelf.table("movies")] == ["Owls"]
    assert [row["title"] for row in await shelf.table("shows")] == ["Fog"]


@pytest.mark.parametrize(
    "body", [answering({"streams": [SOUND, SOUND | {"bit_rate": "96000"}]}), "sys.exit(7)"]
)
async def test_a_scan_asks_ffprobe_where_the_library_wants_it_and_whatever_it_does_no_file_fails(
    new_video_shelf: NewShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    put_probe(tmp_path / "bin", body)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    shelf = await new_video_shelf()
    shelf.tree.write("Owls (2001).mkv", made(Film(sounds=(Sound(), Sound()))))
    async with warm(KINDS["video"], SIZES) as pools:
        shelf.pools = pools
        for wanted in (False, True):
            await shelf.app.libraries.change(shelf.library_id, options=LibraryOptions(ffprobe=wanted))
            assert (await shelf.outcome(rescan=True)).counters.failed == 0
            (row,) = await shelf.table("videos")
            rates = [one.get("bitrate_kbps") for one in json.loads(row["facts"])["streams"]]
            filled = wanted and "exit" not in body
            assert rates == ([None, None, 96] if filled else [None, None, None])
