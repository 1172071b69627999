"""Lists of what there is: sorted, filtered, searched, page by page, with what is missing on demand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from shelfread.app.covering import make_covers_here
from shelfread.tasks.library_scan import Pools
from tests.api.api_stand import Live
from tests.api.catalogue_stand import found_of, got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf, Tree
from tests.covers.pictures import picture
from tests.web.html_stand import asked, checked_page, looked_at
from tests.web.test_frame import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _of_list(links: list[str], word: str) -> list[str]:
    return [link for link in links if re.fullmatch(rf"/browse/{word}/\d+", link)]


@LASTING
@ON_SQLITE
async def test_who_is_not_known_browses_nothing(live: Live) -> None:
    for path in ("/browse", "/browse/tracks", "/browse/tracks/1"):
        answer = await live.ask("GET", path, token=None, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"].partition("=")[0]) == (303, "/login?next")


@LASTING
@ON_SQLITE
async def test_the_start_shows_the_kinds_that_there_are_libraries_of(live: Live) -> None:
    empty = await looked_at(live, "/browse")
    assert "There is no library yet." in empty.text
    assert "/libraries/new" not in empty.links
    assert "/libraries/new" in (await looked_at(live, "/browse", token="admin")).links


@LASTING
@ON_SQLITE
async def test_the_start_leads_to_the_lists_of_a_kind_and_to_what_came_last(live: Live, music: Shelf) -> None:
    start = await looked_at(live, "/browse")
    assert {"/browse/artists", "/browse/releases", "/browse/tracks"} <= set(start.links)
    assert "/browse/books" not in start.links
    assert "Début" in start.text
    assert len(_of_list(start.links, "releases")) == 2


@LASTING
@ON_SQLITE
async def test_what_there_is_no_list_of_is_not_there(live: Live) -> None:
    for path in ("/browse/nothing", "/browse/tracks/x", "/browse/artists/7", "/browse/releases/0"):
        missing = await looked_at(live, path, 404)
        assert "There is nothing here" in missing.text, path


@LASTING
@ON_SQLITE
async def test_a_list_is_sorted_and_filtered_as_a_form_says(live: Live, music: Shelf) -> None:
    usual = await looked_at(live, "/browse/tracks")
    assert [usual.text.index(title) for title in ("Hyper", "Jóga", "Waterloo")] == sorted(
        usual.text.index(title) for title in ("Hyper", "Jóga", "Waterloo")
    )
    turned = await looked_at(live, "/browse/tracks?sort=title-desc")
    assert turned.text.index("Waterloo") < turned.text.index("Jóga") < turned.text.index("Hyper")
    pop = await looked_at(live, "/browse/tracks?genre=pop&year=1993&missing=1")
    assert len(_of_list(pop.links, "tracks")) == 2
    assert "Waterloo" not in pop.text
    none = await looked_at(live, "/browse/tracks?year=1800")
    assert "Nothing is as the filters say." in none.text
    artists = await looked_at(live, "/browse/artists?sort=name-desc")
    assert artists.text.index("Björk") < artists.text.index("Abba")
    assert not _of_list((await looked_at(live, "/browse/tracks?problems=1")).links, "tracks")


@LASTING
@ON_SQLITE
async def test_a_question_that_cannot_be_understood_is_shown_again(live: Live, music: Shelf) -> None:
    for said in ("year=long+ago", "sort=<script>", "after=nowhere", "library_id=x"):
        page = await looked_at(live, f"/browse/releases?{said}&genre=Po%22p", 422)
        assert "Search in albums" in page.text
        assert ("genre", 'Po"p') in [(one.get("name"), one.get("value")) for one in page.fields]


@LASTING
@ON_SQLITE
async def test_words_are_searched_while_they_are_typed(live: Live, music: Shelf) -> None:
    await found_of(live, "jog")
    answer = await asked(live, "/browse/tracks?q=jog", X_Part="results")
    assert answer.text.startswith('<template data-part="results">')
    assert "Jóga" in answer.text
    assert "Hyper" not in answer.text
    assert "<form" not in answer.text
    whole = await looked_at(live, "/browse/tracks?q=jog&genre=Disco")
    assert "the other filters wait" in whole.text
    assert "Nothing has these words." in (await looked_at(live, "/browse/artists?q=zzz")).text


@ON_SQLITE
async def test_a_long_list_goes_on_from_page_to_page_with_its_filters(
    live: Live, tmp_path: Path, pools: Pools
) -> None:
    tree = Tree(tmp_path / "many")
    for number in range(130):
        tree.add(f"{number:03}.mp3", title=f"Title {number:03}", genre="Pop")
    library = await live.app.libraries.add("Many", "music", [os.fsencode(tree.path)])
    await Shelf(live.app, library.id, [tree], pools).scan()
    first = await looked_at(live, f"/browse/tracks?genre=Pop&library_id={library.id}")
    assert len(_of_list(first.links, "tracks")) == 100
    more = next(link for link in first.links if "after=" in link)
    assert f"library_id={library.id}" in more
    assert "genre=Pop" in more
    second = await looked_at(live, more)
    assert len(_of_list(second.links, "tracks")) == 30
    assert not [link for link in second.links if "after=" in link]
    assert f"/browse/tracks?library_id={library.id}&genre=Pop" in second.links


@ON_SQLITE
async def test_what_is_missing_is_shown_when_somebody_wants_it(live: Live, music: Shelf) -> None:
    music.tree.delete("Abba/Gold/1.ogg")
    await music.outcome()
    assert "Waterloo" not in (await looked_at(live, "/browse/tracks")).text
    every = await looked_at(live, "/browse/tracks?missing=1")
    assert "Waterloo Missing since " in every.text
    assert "is not there any more" in every.text or "not in its folder any more" in every.text
    assert "Gold" not in (await looked_at(live, "/browse/releases")).text
    assert "Missing" in (await looked_at(live, "/browse/releases?missing=1")).text
    track = _of_list(every.links, "tracks")[-1]
    page = await looked_at(live, track)
    assert "Missing since " in page.text
    assert "What is known of it is kept" in page.text
    assert "audio" not in page.tags


@LASTING
@ON_SQLITE
async def test_the_page_of_an_artist_has_their_albums(live: Live, music: Shelf) -> None:
    listed = await looked_at(live, "/browse/artists")
    pages = [await looked_at(live, link) for link in _of_list(listed.links, "artists")]
    assert ["Abba" in pages[0].text, "Björk" in pages[1].text] == [True, True]
    assert len(_of_list(pages[1].links, "releases")) == 1


@ON_SQLITE
async def test_the_page_of_an_album_has_its_tracks_disc_by_disc(
    live: Live, tmp_path: Path, pools: Pools
) -> None:
    tree = Tree(tmp_path / "discs")
    for disc in ("1", "2"):
        for track in ("1", "2"):
            tree.add(
                f"Both/{disc}-{track}.mp3",
                title=f"Song {disc}.{track}",
                album="Both",
                albumartist="Ada",
                disc=disc,
                track=track,
            )
    library = await live.app.libraries.add("Discs", "music", [os.fsencode(tree.path)])
    await Shelf(live.app, library.id, [tree], pools).scan()
    album = _of_list((await looked_at(live, "/browse/releases")).links, "releases")[0]
    page = await looked_at(live, album)
    assert re.search(r"Disc 1 .* Song 1\.1 .* Song 1\.2 .* Disc 2 .* Song 2\.1 .* Song 2\.2 ", page.text)
    assert "4 tracks" in page.text


@LASTING
@ON_SQLITE
async def test_the_page_of_a_track_says_what_its_file_says_and_plays_it(live: Live, music: Shelf) -> None:
    ids = await music.ids()
    row_id = ids["Björk/Début/1.mp3"]
    answer = await asked(live, f"/browse/tracks/{row_id}")
    page = checked_page(answer.text)
    for words in ("Jóga", "Björk", "Début", "1993", "Pop", "Technical details", "Sample rate", "Added here"):
        assert words in page.text, words
    assert f'<audio controls preload="none" src="/api/v1/tracks/{row_id}/file"' in answer.text
    assert f"/api/v1/tracks/{row_id}/file" in page.links
    assert "/browse/tracks?genre=Pop" in page.links
    # Where it is, is for those who look after the server.
    assert "1.mp3" not in answer.text
    assert "Björk/Début/1.mp3" in (await looked_at(live, f"/browse/tracks/{row_id}", token="admin")).text


@ON_SQLITE
async def test_the_page_of_a_track_shows_the_picture_of_its_album(live: Live, music: Shelf) -> None:
    page = f"/browse/tracks/{(await music.ids())['Björk/Début/1.mp3']}"
    assert "/api/v1/covers/" not in (await asked(live, page)).text
    music.tree.write("Björk/Début/cover.jpg", picture((800, 800), "red"))
    await music.scan()
    await make_covers_here(live.app, await music.library())
    album = next(one for one in (await got(live, "/releases"))["items"] if one["title"] == "Début")
    answer = await asked(live, page)
    checked_page(answer.text)
    assert f'src="/api/v1/covers/{album["cover"]["digest"]}"' in answer.text


@ON_SQLITE
async def test_the_page_of_a_track_that_was_taken_over_leads_to_the_other(live: Live, music: Shelf) -> None:
    # A copy that is seen before its original goes: the older id stays, the newer one leads to it.
    music.tree.copy("Björk/Début/1.mp3", "Björk/Copy/1.mp3")
    await music.outcome()
    ids = await music.ids()
    music.tree.delete("Björk/Début/1.mp3")
    await music.outcome()
    answer = await asked(live, f"/browse/tracks/{ids['Björk/Copy/1.mp3']}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/browse/tracks/{ids['Björk/Début/1.mp3']}"
