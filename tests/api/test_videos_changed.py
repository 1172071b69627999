"""Videos over HTTP when something has changed: files that are gone or moved, more of them, books beside."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live
from tests.api.book_stand import book_of
from tests.api.catalogue_stand import found_of, got
from tests.api.video_stand import movie_of, names_of, show_of, titles_of
from tests.conftest import Shelf
from tests.videos_on_disk import put

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_c3_what_is_missing_is_hidden_until_it_is_asked_for(live: Live, films: Shelf) -> None:
    harbour, show = await movie_of(live, "The Harbour"), await show_of(live, "The Lighthouse")
    (films.tree / "films/Harbour (2001)/Harbour (2001) - 2160p.mkv").unlink()
    (films.tree / "films/Harbour (2001)/Harbour (2001)-trailer.mp4").unlink()
    films.tree.delete("shows/Lighthouse (2010)/Season 2")
    await films.scan()
    again = await movie_of(live, "The Harbour")
    assert (again["id"], again["status"]) == (harbour["id"], "ready")
    assert again["counts"] == {"ready": 1, "error": 0, "missing": 1}
    assert [one["version"] for one in again["versions"]] == ["1080p"]
    assert [one["extra"] for one in again["extras"]] == ["featurette"]
    less = await got(live, f"/shows/{show['id']}")
    assert (less["status"], less["counts"]) == ("ready", {"ready": 3, "error": 0, "missing": 1})
    assert [one["number"] for one in less["seasons"]] == [0, 1]
    films.tree.delete("films/Harbour (2001)")
    films.tree.delete("shows/Lighthouse (2010)")
    await films.scan()
    assert "The Harbour" not in titles_of(await got(live, "/movies"))
    assert titles_of(await got(live, "/movies?status=missing")) == ["The Harbour"]
    assert titles_of(await got(live, "/shows")) == ["Other"]
    assert titles_of(await got(live, "/shows?status=missing")) == ["The Lighthouse"]
    # By its id everything is shown, what is missing too.
    gone = await got(live, f"/movies/{harbour['id']}")
    assert (gone["status"], len(gone["versions"])) == ("missing", 2)
    assert (await got(live, f"/shows/{show['id']}"))["status"] == "missing"
    answer = await live.ask("GET", f"/api/v1/movies/{harbour['id']}/file")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert (await found_of(live, "harbour"))["items"] == []


async def test_an_id_that_a_move_made_redundant_leads_to_the_video(live: Live, films: Shelf) -> None:
    films.tree.move("films/Odd (2003)/Odd (2003).mkv", "films/Odd again (2003)/Odd again (2003).mkv")
    await films.scan()
    # While the scan ran, the file had this id.
    (alias,) = await films.table("aliases")
    copy, first = alias["old_id"], alias["file_id"]
    for path in (f"/api/v1/videos/{copy}", f"/api/v1/videos/{copy}/file"):
        answer = await live.ask("GET", path)
        assert answer.status_code == 308
        assert answer.headers["location"] == path.replace(f"/{copy}", f"/{first}")
        assert (await live.ask("GET", answer.headers["location"])).status_code == 200


async def test_a_video_is_no_book_and_a_book_is_no_video(live: Live, films: Shelf, comics: Shelf) -> None:
    book = (await book_of(live, "001.cbz"))["id"]
    video = (await movie_of(live, "Dawn"))["versions"][0]["id"]
    for path in (f"/videos/{book}", f"/videos/{book}/file", f"/books/{video}", f"/tracks/{video}/file"):
        assert (await live.ask("GET", f"/api/v1{path}")).status_code == 404, path


async def test_a_film_among_very_many_in_one_folder_is_told_with_its_own(live: Live, films: Shelf) -> None:
    for number in range(40):
        put(films.tree.path, f"films/Flat/Film {number} (2000).mkv")
        films.tree.write(f"films/Flat/Film {number} (2000).en.srt", b"1\n")
    await films.scan()
    third = await movie_of(live, "Film 3")
    assert names_of(third["beside"]) == ["Film 3 (2000).en.srt"]
    assert names_of(third["versions"][0]["parts"]) == ["Film 3 (2000).mkv"]
