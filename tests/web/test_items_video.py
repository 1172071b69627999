"""The pages of films, shows, seasons, episodes and single files."""

from __future__ import annotations

import re

import pytest

from tests.api.api_stand import Live
from tests.api.lasting_servers import LASTING
from tests.api.video_stand import episode_of, movie_of, show_of
from tests.conftest import Shelf
from tests.web.html_stand import asked, checked_page, looked_at
from tests.web.test_frame import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@LASTING
@ON_SQLITE
async def test_a_film_shows_its_versions_and_extras_and_plays(live: Live, films: Shelf) -> None:
    film = await movie_of(live, "The Harbour")
    answer = await asked(live, f"/browse/movies/{film['id']}")
    page = checked_page(answer.text)
    assert f'<video controls preload="none" src="/api/v1/movies/{film["id"]}/file"' in answer.text
    for words in ("Boats.", "Drama", "PG", "Versions", "1080p", "2160p", "Extras", "trailer", "Beside it"):
        assert words in page.text, words
    assert "/browse/movies?genre=Drama" in page.links
    files = [link for link in page.links if re.fullmatch(r"/browse/videos/\d+", link)]
    assert len(files) == len(film["extras"]) + sum(len(one["parts"]) for one in film["versions"])
    assert "Harbour (2001) - 1080p.mkv" not in answer.text
    admins = await looked_at(live, f"/browse/movies/{film['id']}", token="admin")
    assert "Harbour (2001) - 1080p.mkv" in admins.text
    large = next(one for one in film["versions"] if "2160p" in (one["version"] or ""))
    single = await looked_at(live, f"/browse/videos/{large['id']}")
    for words in ("256 × 144", "Streams", "hevc", "ac3", "5.1", "2 chapters", "Begin", "forced"):
        assert words in single.text, words


@LASTING
@ON_SQLITE
async def test_every_film_and_file_of_films_has_a_page(live: Live, films: Shelf) -> None:
    listed = await looked_at(live, "/browse/movies")
    pages = [link for link in listed.links if re.fullmatch(r"/browse/movies/\d+", link)]
    assert len(pages) >= 7
    for link in dict.fromkeys(pages):
        page = await looked_at(live, link)
        for one in page.links:
            if one.startswith("/browse/videos/"):
                await looked_at(live, one)
    torn = await looked_at(live, "/browse/movies?problems=1")
    assert "Torn" in torn.text
    assert "Has a problem" in torn.text


@LASTING
@ON_SQLITE
async def test_a_show_leads_to_its_seasons_and_they_to_their_episodes(live: Live, films: Shelf) -> None:
    show = await show_of(live, "The Lighthouse")
    page = await looked_at(live, f"/browse/shows/{show['id']}")
    for words in ("Ended", "Mystery", "Coast", "Seasons", "Specials", "Season 2"):
        assert words in page.text, words
    season = await looked_at(live, f"/browse/shows/{show['id']}/seasons/1")
    assert re.search(r"Season 1 .* S01E01 Fog 2010-05-01 .* S01E02–03 ", season.text)
    assert "Storm" not in season.text
    for number in ("9", "x", "-1"):
        await looked_at(live, f"/browse/shows/{show['id']}/seasons/{number}", 404)
    # One that has a single season shows its episodes at once.
    assert "S01E01" in (await looked_at(live, f"/browse/shows/{(await show_of(live, 'Other'))['id']}")).text


@LASTING
@ON_SQLITE
async def test_an_episode_says_where_it_belongs_and_plays(live: Live, films: Shelf) -> None:
    fog = await episode_of(live, "Fog")
    answer = await asked(live, f"/browse/episodes/{fog['id']}")
    page = checked_page(answer.text)
    assert f'src="/api/v1/episodes/{fog["id"]}/file"' in answer.text
    assert f"/browse/shows/{fog['show_id']}/seasons/1" in page.links
    assert "Director Ann Lee" in page.text
    assert "S01E01" in page.text


@ON_SQLITE
async def test_an_episode_that_is_missing_keeps_its_place_in_its_season(live: Live, films: Shelf) -> None:
    fog = await episode_of(live, "Fog")
    films.tree.delete("shows/Lighthouse (2010)/Season 1/Lighthouse S01E01 - Fog.mkv")
    await films.outcome()
    season = await looked_at(live, f"/browse/shows/{fog['show_id']}/seasons/1")
    assert re.search(r"Fog Missing since \d{4}-\d\d-\d\d", season.text)
    assert "1 missing" in season.text
    page = await looked_at(live, f"/browse/episodes/{fog['id']}")
    assert "Missing since" in page.text
    assert "video" not in page.tags
    assert "Fog" not in (await looked_at(live, "/browse/episodes")).text
    assert "Fog" in (await looked_at(live, "/browse/episodes?missing=1")).text


@LASTING
@ON_SQLITE
async def test_what_is_not_there_has_no_page(live: Live, films: Shelf) -> None:
    for word in ("movies", "shows", "episodes", "videos"):
        for row_id in ("0", "x", "99999999", "1%2F..%2F2"):
            await looked_at(live, f"/browse/{word}/{row_id}", 404)
