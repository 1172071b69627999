"""Videos over HTTP, after a real scan: lists, what is in them, whose extras and subtitles are, and files.

See `test_videos_changed`, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.api_stand import Live
from tests.api.book_stand import EVIL
from tests.api.catalogue_stand import found_of, got
from tests.api.lasting_servers import LASTING
from tests.api.video_stand import episode_of, movie_of, names_of, show_of, titles_of
from tests.conftest import Shelf

pytestmark = [pytest.mark.asyncio(loop_scope="session"), LASTING]


async def test_a_movie_has_versions_parts_and_discs(live: Live, films: Shelf) -> None:
    harbour = await movie_of(live, "The Harbour")
    assert (harbour["year"], harbour["plot"], harbour["genres"]) == (2001, "Boats.", ["Drama"])
    assert (harbour["status"], harbour["counts"]) == ("ready", {"ready": 2, "error": 0, "missing": 0})
    # The best one first.
    best, other = harbour["versions"]
    assert (best["version"], best["width"], best["video_codec"], best["hdr"]) == (
        "2160p", 256, "hevc", "HDR10",
    )  # fmt: skip
    assert (best["files"], len(best["parts"]), best["id"]) == (1, 1, best["parts"][0]["id"])
    assert [(one["codec"], one["channels"], one["language"]) for one in best["audio"]] == [("ac3", 6, "en")]
    # What is signalled as not so is known, other than what nothing signals.
    texts = [(one["language"], one["forced"], one["default"], one["layout"]) for one in best["subtitles"]]
    assert texts == [("de", True, False, None)]
    assert (harbour["width"], harbour["hdr"]) == (256, "HDR10")
    assert (other["version"], other["audio_codec"]) == ("1080p", "aac")
    (halves,) = (await movie_of(live, "Two Halves"))["versions"]
    assert [one["part"] for one in halves["parts"]] == [1, 2]
    assert halves["duration_s"] == pytest.approx(sum(one["duration_s"] for one in halves["parts"]))
    # Of a disc the longest title is the film.
    (disc,) = (await movie_of(live, "Disc"))["versions"]
    assert (disc["disc"], disc["files"], names_of(disc["parts"])) == (
        True,
        3,
        ["VTS_02_1.VOB", "VTS_02_2.VOB"],
    )


async def test_extras_belong_to_what_they_stand_beside(live: Live, films: Shelf) -> None:
    async def extras(title: str) -> list[tuple[str, str]]:
        found = (await movie_of(live, title))["extras"]
        return [(name, one["extra"]) for name, one in zip(names_of(found), found, strict=True)]

    assert await extras("The Harbour") == [
        ("Harbour (2001)-trailer.mp4", "trailer"),
        ("How it was made.mp4", "featurette"),
    ]
    assert await extras("Dusk") == [("Dusk (1991)-trailer.mkv", "trailer")]
    assert await extras("Dawn") == []
    show = await show_of(live, "The Lighthouse")
    assert names_of(show["extras"]) == ["Soon.mkv"]
    assert (await show_of(live, "Other"))["extras"] == []


async def test_subtitles_and_sound_belong_to_the_video_that_they_stand_beside(
    live: Live, films: Shelf
) -> None:
    async def beside(item: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        names = {part["id"]: names_of([part])[0] for one in item["versions"] for part in one["parts"]}
        return {
            name: (names.get(one["video_id"]), one["language"], one["forced"], one["sdh"], one["title"])
            for name, one in zip(names_of(item["beside"]), item["beside"], strict=True)
        }

    harbour = await movie_of(live, "The Harbour")
    assert await beside(harbour) == {
        "French.srt": (None, "fr", None, None, None),
        "Harbour (2001) - 1080p.commentary.mka": (
            "Harbour (2001) - 1080p.mkv", None, None, None, "commentary",
        ),
        "Harbour (2001) - 1080p.en.sdh.srt": ("Harbour (2001) - 1080p.mkv", "en", None, True, None),
        "Harbour (2001).de.forced.ass": (None, "de", True, None, None),
    }  # fmt: skip
    assert {(one["type"], one["format"]) for one in harbour["beside"]} == {
        ("subtitle", "srt"),
        ("subtitle", "ass"),
        ("audio", "mka"),
    }
    # Where others stand as well, only what names a film is for it.
    assert list(await beside(await movie_of(live, "Dawn"))) == ["Dawn (1990).en.srt"]
    assert list(await beside(await movie_of(live, "Dusk"))) == []
    fog = await beside(await episode_of(live, "Fog"))
    assert {name: one[:2] for name, one in fog.items()} == {
        "Lighthouse S01E01 - Fog.en.srt": ("Lighthouse S01E01 - Fog.mkv", "en")
    }
    listed = (await got(live, f"/episodes?show_id={(await show_of(live, 'The Lighthouse'))['id']}"))["items"]
    double = next(one["id"] for one in listed if one["episode_end"] == 3)
    found = await beside(await got(live, f"/episodes/{double}", "admin"))
    assert {name: one[:2] for name, one in found.items()} == {
        "2_English.srt": ("Lighthouse S01E02-E03.mkv", "en")
    }


async def test_shows_and_their_episodes_in_their_order(live: Live, films: Shelf) -> None:
    show = await show_of(live, "The Lighthouse")
    assert (show["year"], show["publication_status"], show["genres"]) == (2010, "Ended", ["Mystery"])
    assert (show["status"], show["counts"]) == ("ready", {"ready": 4, "error": 0, "missing": 0})
    assert [(one["number"], one["counts"]["ready"]) for one in show["seasons"]] == [(0, 1), (1, 2), (2, 1)]
    assert ("studio", "Coast") in {(one["type"], one["name"]) for one in show["tags"]}
    own = f"/episodes?show_id={show['id']}"
    listed = (await got(live, f"{own}&sort=number"))["items"]
    assert [(one["season"], one["episode"], one["episode_end"]) for one in listed] == [
        (1, 1, None),
        (1, 2, 3),
        (2, 1, None),
        (0, 1, None),
    ]
    assert {one["show_title"] for one in listed} == {"The Lighthouse"}
    for more, numbers in (
        ("&season=1&sort=number&order=desc", [2, 1]),
        ("&season=0", [1]),
        ("&season=7", []),
        ("&year=2010", [1]),
        ("&year=2011", []),
        ("&person=ANN+LEE", [1]),
        ("&sort=air_date&limit=1", [1]),
    ):
        assert [one["episode"] for one in (await got(live, own + more))["items"]] == numbers, more
    fog = await episode_of(live, "Fog")
    assert (fog["air_date"], fog["season"], fog["episode"], fog["show_id"]) == (
        "2010-05-01",
        1,
        1,
        show["id"],
    )
    assert fog["credits"] == [{"role": "director", "name": "Ann Lee", "character": None}]
    assert [one["status"] for one in fog["versions"]] == ["ready"]


async def test_lists_of_movies_are_sorted_filtered_and_paged(live: Live, films: Shelf) -> None:
    every = ["Dawn", "Disc", "Dusk", "The Harbour", "Torn", "Two Halves"]
    assert [one for one in titles_of(await got(live, "/movies")) if "script" not in one] == every
    down = titles_of(await got(live, "/movies?order=desc"))
    assert [one for one in down if "script" not in one] == every[::-1]
    for asked, titles in (
        ("/movies?genre=drama", ["The Harbour"]),
        ("/movies?tag=DRAMA&year=2001", ["The Harbour"]),
        ("/movies?genre=drama&year=2002", []),
        ("/movies?status=error", ["Torn"]),
        ("/movies?has_problem=true", ["Torn"]),
        ("/movies?status=missing", []),
        (f"/movies?library_id={films.library_id + 1}", []),
        ("/shows?genre=mystery&tag=coast", ["The Lighthouse"]),
        ("/shows?status=error", []),
        ("/shows?sort=year", ["The Lighthouse", "Other"]),
    ):
        assert titles_of(await got(live, asked)) == titles, asked
    seen: list[str] = []
    after = ""
    while True:
        page = await got(live, f"/movies?sort=added_at&limit=3{after}")
        seen += titles_of(page)
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sorted(seen) == sorted(titles_of(await got(live, "/movies?limit=500")))


async def test_a_video_shows_everything_that_its_file_says(live: Live, films: Shelf) -> None:
    best = (await movie_of(live, "The Harbour"))["versions"][0]
    whole = await got(live, f"/videos/{best['id']}")
    assert [one["type"] for one in whole["streams"]] == ["video", "audio", "subtitle"]
    picture = whole["streams"][0]
    assert (picture["codec"], picture["bit_depth"], picture["hdr"]) == ("hevc", 10, ["HDR10"])
    assert [one["title"] for one in whole["chapters"]] == ["Begin", None]
    assert (whole["type"], whole["container"], whole["resolution"]) == ("movie", "matroska", "2160p")
    assert "path" not in whole
    torn = (await movie_of(live, "Torn"))["versions"][0]["parts"][0]
    assert (torn["status"], [one["code"] for one in torn["problems"]]) == ("error", ["wrong_format"])
    assert (await got(live, f"/videos/{torn['id']}"))["streams"] == []


async def test_c12_files_are_sent_by_their_id_or_as_the_best_of_an_item(live: Live, films: Shelf) -> None:
    harbour, fog = await movie_of(live, "The Harbour"), await episode_of(live, "Fog")
    halves = await movie_of(live, "Two Halves")
    for path, part in (
        (f"/movies/{harbour['id']}/file", harbour["versions"][0]["parts"][0]),
        (f"/videos/{harbour['versions'][1]['id']}/file", harbour["versions"][1]["parts"][0]),
        (f"/episodes/{fog['id']}/file", fog["versions"][0]["parts"][0]),
        (f"/movies/{halves['id']}/file", halves["versions"][0]["parts"][0]),
    ):
        content = Path(part["path"]).read_bytes()
        whole = await live.ask("GET", f"/api/v1{path}", token="read")
        assert (whole.status_code, whole.content) == (200, content)
        some = await live.ask("GET", f"/api/v1{path}", token="read", headers={"Range": "bytes=3-9"})
        assert (some.status_code, some.content) == (206, content[3:10])
        head = await live.ask("HEAD", f"/api/v1{path}", token="read")
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))
        wrong = await live.ask("GET", f"/api/v1{path}", headers={"Range": f"bytes={len(content)}-"})
        assert wrong.status_code == 416
        kind = "video/x-msvideo" if part["path"].endswith("avi") else "video/x-matroska"
        assert whole.headers["content-type"] == kind
        assert whole.headers["content-disposition"].startswith("inline")


async def test_movies_shows_and_episodes_are_found_by_words(live: Live, films: Shelf) -> None:
    found = (await found_of(live, "lighthouse"))["items"]
    assert [(one["kind"], one["title"]) for one in found][:1] == [("show", "The Lighthouse")]
    assert {one["title"] for one in found if one["kind"] == "episode"} >= {"Fog", "Storm"}
    assert titles_of(await got(live, "/search?q=lighthouse+storm&kind=episode")) == ["Storm"]
    assert titles_of(await got(live, "/search?q=ann+lee&kind=episode")) == ["Fog"]
    assert titles_of(await got(live, "/search?q=harbour+2001&kind=movie&kind=book")) == ["The Harbour"]
    assert (await got(live, f"/search?q=harbour&library_id={films.library_id + 1}"))["items"] == []


async def test_what_an_nfo_says_is_text_and_nothing_else(live: Live, films: Shelf) -> None:
    odd = next(one for one in (await got(live, "/movies"))["items"] if "script" in one["title"])
    whole = await got(live, f"/movies/{odd['id']}")
    assert whole["title"].startswith(EVIL[:25])
    assert "DROP TABLE books" in whole["plot"]
    assert whole["credits"][0]["name"].startswith("<script>")
    answer = await live.ask("GET", f"/api/v1/movies/{odd['id']}", token="read")
    assert answer.headers["content-type"] == "application/json"
    person = quote(whole["credits"][0]["name"])
    assert (await got(live, f"/movies?person={person}"))["items"][0]["id"] == odd["id"]


async def test_d12_paths_of_videos_are_for_administrators_only(live: Live, films: Shelf) -> None:
    harbour, show = await movie_of(live, "The Harbour"), await show_of(live, "The Lighthouse")
    fog = await episode_of(live, "Fog")
    root = str(films.tree.path)
    for path in (
        f"/movies/{harbour['id']}",
        f"/shows/{show['id']}",
        f"/episodes/{fog['id']}",
        f"/videos/{harbour['versions'][0]['id']}",
    ):
        assert root in str(await got(live, path, "admin")), path
        for token in ("read", "scan"):
            told = str(await got(live, path, token))
            assert root not in told, path
            assert "'path'" not in told, path
    for path in ("/movies", "/shows", "/episodes", "/search?q=harbour"):
        assert root not in str(await got(live, path))


async def test_a_library_says_how_many_movies_shows_and_episodes_it_holds(live: Live, films: Shelf) -> None:
    held = (await got(live, f"/libraries/{films.library_id}"))["items"]
    assert (held["movies"], held["shows"], held["episodes"]) == (7, 2, 5)
    assert (held["ready"], held["error"], held["missing"], held["series"]) == (20, 1, 0, 0)


HOSTILE = [
    "/movies/0",
    "/movies/..%2f",
    "/shows/%00",
    f"/videos/{'9' * 5000}",
    "/episodes/1e3/file",
    "/movies/0/file",
    "/episodes?sort=number",
    "/episodes?season=1",
    "/episodes?show_id=1&season=-1",
    "/episodes?sort=place",
    "/movies?sort=number",
    "/movies?status=gone",
    f"/movies?person={'a' * 501}",
    "/shows?writer=a",
    "/search?q=a&kind=season",
]


async def test_what_cannot_be_is_refused_and_never_a_fault(live: Live, films: Shelf) -> None:
    for path in HOSTILE:
        answer = await live.ask("GET", f"/api/v1{path}", token="admin")
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", path
