"""NFO: what Kodi's files say, whole or careless, and what they cannot make us do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media.trouble import MediaTrouble
from shelfread.media.video.nfo import LIMIT, read_nfo, runtime
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Video
from tests.media.hostile_xml import SECRET, doctypes, document, wrongly_declared


def _one(content: bytes) -> Video:
    (video,) = read_nfo(content)
    return video


def _movie(inner: str) -> Video:
    return _one(document("movie", inner))


MOVIE = """
  <title>The Owls</title><originaltitle>Die Eulen</originaltitle><sorttitle>Owls, The</sorttitle>
  <ratings>
    <rating name="themoviedb" max="10"><value>7.2</value><votes>1,204</votes></rating>
    <rating name="imdb" max="10" default="true"><value>7,5</value><votes>30417</votes></rating>
  </ratings>
  <userrating>9</userrating><outline>Birds.</outline><plot>Birds at night.</plot><tagline>Hoo.</tagline>
  <runtime>117</runtime><mpaa>Rated PG-13</mpaa><playcount>2</playcount>
  <id>tt0111161</id><uniqueid type="tmdb" default="true">278</uniqueid>
  <uniqueid type="imdb">tt0111161</uniqueid>
  <genre>Drama</genre><genre>Nature / Horror</genre><tag>night</tag><tag>birds</tag>
  <set><name>Owl Collection</name><overview>All owls</overview></set>
  <country>Austria</country><credits>Ann Wood</credits>
  <director>Bo Tree</director><director>Cy Leaf</director>
  <premiered>1994-09-23</premiered><year>1994</year><studio>Barn</studio>
  <fileinfo><streamdetails><video><codec>h264</codec></video></streamdetails></fileinfo>
  <actor><name>Di Feather</name><role>The Owl</role><order>1</order>
  <thumb>http://127.0.0.1:9/x.jpg</thumb></actor>
  <actor><name>Ed Beak</name><role></role><order>0</order></actor>
"""


def test_a_film_says_everything() -> None:
    video = _movie(MOVIE)
    assert (video.type, video.title, video.original_title) == ("movie", "The Owls", "Die Eulen")
    assert (video.sort_title, video.year, video.date) == ("Owls, The", 1994, "1994-09-23")
    assert (video.rating, video.votes) == (7.5, 30417)
    assert (video.plot, video.outline, video.tagline) == ("Birds at night.", "Birds.", "Hoo.")
    assert (video.runtime_min, video.age_rating, video.set) == (117, "PG-13", "Owl Collection")
    assert video.genres == ["Drama", "Nature", "Horror"]
    assert (video.tags, video.studios, video.countries) == (["night", "birds"], ["Barn"], ["Austria"])
    assert video.provider_ids == {"tmdb": "278", "imdb": "tt0111161"}
    assert [(one.role, one.name, one.character, one.order) for one in video.people] == [
        ("director", "Bo Tree", None, None),
        ("director", "Cy Leaf", None, None),
        ("writer", "Ann Wood", None, None),
        ("actor", "Di Feather", "The Owl", 1),
        ("actor", "Ed Beak", None, 0),
    ]
    assert video.sources == ["nfo"]
    assert (video.streams, video.container) == ([], None), "a container speaks for itself"


def test_a_show_a_season_and_an_episode_say_what_they_are() -> None:
    show = _one(document("tvshow", "<title>Night Watch</title><status>Ended</status><year>2001</year>"))
    assert (show.type, show.show, show.title, show.status, show.year) == (
        "show",
        "Night Watch",
        "Night Watch",
        "Ended",
        2001,
    )
    season = _one(document("season", "<seasonnumber>2</seasonnumber><title>Winter</title><plot>Cold.</plot>"))
    assert (season.type, season.season, season.title, season.plot) == ("season", 2, "Winter", "Cold.")
    episode = _one(
        document(
            "episodedetails",
            "<title>Dusk</title><showtitle>Night Watch</showtitle><season>0</season><episode>5</episode>"
            "<aired>2001-11-04</aired><displayseason>1</displayseason>",
        )
    )
    assert (episode.type, episode.title, episode.show) == ("episode", "Dusk", "Night Watch")
    assert (episode.season, episode.episode, episode.air_date) == (0, 5, "2001-11-04")
    assert (episode.date, episode.year) == ("2001-11-04", 2001)


EPISODE = "<episodedetails><title>Part {0}</title><season>1</season><episode>{0}</episode></episodedetails>"


@pytest.mark.parametrize(
    "head",
    ["", '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n', "\ufeff<?xml version='1.0'?>"],
)
@pytest.mark.parametrize("between", ["", "\n", '\n<?xml version="1.0"?>\n', "<!-- next -->"])
@pytest.mark.parametrize("end", ["", "\nhttps://www.thetvdb.com/?tab=series&id=70000\n"])
def test_several_episodes_stand_in_one_file(head: str, between: str, end: str) -> None:
    content = head + between.join(EPISODE.format(number) for number in (3, 4, 5)) + end
    found = read_nfo(content.encode())
    assert [(one.title, one.episode) for one in found] == [("Part 3", 3), ("Part 4", 4), ("Part 5", 5)]
    assert found[0].provider_ids == ({"tvdb": "70000"} if end else {})


def test_several_episodes_in_another_encoding() -> None:
    content = (EPISODE.format(1) + EPISODE.format(2)).replace("Part", "Ü")
    for codec in ("utf-16", "utf-16-le", "cp1252"):
        assert [one.title for one in read_nfo(content.encode(codec))] == ["Ü 1", "Ü 2"], codec


def test_the_first_of_several_is_read_when_another_is_broken() -> None:
    found = read_nfo((EPISODE.format(1) + "<episodedetails><title>x</episodedetails>").encode())
    assert [one.title for one in found] == ["Part 1"]


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("https://www.imdb.com/title/tt0111161/", {"imdb": "tt0111161"}),
        ("http://imdb.com/de/title/tt0111161?ref=1", {"imdb": "tt0111161"}),
        ("https://www.themoviedb.org/movie/278-the-owls", {"tmdb": "278"}),
        ("https://www.themoviedb.org/tv/1399", {"tmdb": "1399"}),
        ("http://thetvdb.com/?tab=series&id=79349&lid=7", {"tvdb": "79349"}),
        ("https://thetvdb.com/index.php?tab=episode&seriesid=79349&id=1", {"tvdb": "79349"}),
        ("https://example.org/title/tt0111161/", {}),
        ("ftp://x", {}),
    ],
)
def test_the_address_of_a_page_gives_its_ids(address: str, ids: dict[str, str]) -> None:
    alone = read_nfo(address.encode())
    assert [one.provider_ids for one in alone] == ([ids] if ids else [])
    behind = _one(document("movie", "<title>A</title>") + b"\n" + address.encode() + b"\n")
    assert (behind.title, behind.provider_ids) == ("A", ids)


def test_what_is_written_wins_over_the_address() -> None:
    content = document("movie", "<uniqueid type='imdb'>tt0000001</uniqueid>")
    assert _one(content + b"https://www.imdb.com/title/tt0111161/").provider_ids == {"imdb": "tt0000001"}


def test_an_address_in_a_plot_is_no_id() -> None:
    assert _movie("<plot>As in https://www.imdb.com/title/tt0111161/</plot>").provider_ids == {}


@pytest.mark.parametrize(
    ("inner", "ids"),
    [
        (
            "<imdbid>tt1234567</imdbid><tmdbid>5</tmdbid><tvdbid>6</tvdbid>",
            {"imdb": "tt1234567", "tmdb": "5", "tvdb": "6"},
        ),
        ("<imdb_id>tt1234567</imdb_id>", {"imdb": "tt1234567"}),
        ("<id>tt1234567</id>", {"imdb": "tt1234567"}),
        ("<id>1234567</id>", {}),
        ('<id IMDB="tt1234567" TMDB="99">1</id>', {"imdb": "tt1234567", "tmdb": "99"}),
        ('<uniqueid type="Imdb">tt1234567</uniqueid>', {"imdb": "tt1234567"}),
        ('<uniqueid type="tmdb"></uniqueid><uniqueid>7</uniqueid>', {}),
        ('<uniqueid type="tmdb">-1</uniqueid><uniqueid type="tvdb">0</uniqueid>', {}),
        ('<uniqueid type="../x">1</uniqueid><uniqueid type="tmdb">&lt;b&gt;</uniqueid>', {}),
        ('<uniqueid type="anidb">4563</uniqueid>', {"anidb": "4563"}),
    ],
)
def test_ids_are_read_in_every_notation(inner: str, ids: dict[str, str]) -> None:
    assert _movie(inner).provider_ids == ids


@pytest.mark.parametrize(
    ("inner", "rating", "votes"),
    [
        ("<rating>7.5</rating><votes>12</votes>", 7.5, 12),
        ("<rating>7,5</rating><votes>1.204</votes>", 7.5, 1204),
        ("<rating>75</rating>", None, None),
        ("<rating>-1</rating>", None, None),
        ("<rating>NaN</rating>", None, None),
        ("<rating>good</rating>", None, None),
        ("<rating>0</rating>", 0.0, None),
        ('<ratings><rating max="100"><value>75</value></rating></ratings>', 7.5, None),
        ('<ratings><rating max="5"><value>4</value><votes>x</votes></rating></ratings>', 8.0, None),
        ('<ratings><rating max="10"><value>75</value></rating></ratings><rating>6</rating>', 6.0, None),
        ("<ratings></ratings>", None, None),
    ],
)
def test_odd_ratings_are_read_or_left_out(inner: str, rating: float | None, votes: int | None) -> None:
    assert (_movie(inner).rating, _movie(inner).votes) == (rating, votes)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("117", 117), ("117 min", 117), ("117 minutes", 117), ("1h 57min", 117), ("1 h 57 m", 117),
        ("2h", 120),
        ("01:57:00", 117), ("1:57", 117), ("0", None), ("", None), ("long", None), ("-5", None),
        ("7020 s", None),
        ("9999", None), (None, None),
    ],
)  # fmt: skip
def test_running_times_are_minutes(written: str | None, minutes: int | None) -> None:
    assert runtime(written) == minutes


@pytest.mark.parametrize(
    ("inner", "date", "year"),
    [
        ("<year>1994</year>", "1994", 1994),
        ("<premiered>1994-09-23</premiered>", "1994-09-23", 1994),
        ("<releasedate>1994-02-31</releasedate>", "1994-02", 1994),
        ("<premiered>0000-00-00</premiered><year>1994</year>", "1994", 1994),
        ("<year>0</year>", None, None),
        ("<year>soon</year>", None, None),
    ],
)
def test_dates_are_those_of_the_calendar(inner: str, date: str | None, year: int | None) -> None:
    assert (_movie(inner).date, _movie(inner).year) == (date, year)


def test_a_title_may_hold_anything_and_stays_text() -> None:
    assert _movie("<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>").title == "<script>alert(1)</script>"
    assert _movie("<title><b>Bold</b></title>").title == "Bold"
    assert _movie("<title>  </title><title>Second</title>").title == "Second"
    assert _movie("<plot>One &amp; two&lt;br&gt;three</plot>").plot == "One & two\nthree"
    assert _movie(f"<title>{'x' * 5000}</title>").title == "x" * 1024


def test_numbers_that_are_none_are_left_out() -> None:
    video = _one(document("episodedetails", "<season>-1</season><episode>five</episode><aired>2001</aired>"))
    assert (video.season, video.episode, video.air_date) == (None, None, None)


def test_a_root_of_something_else_says_nothing() -> None:
    assert read_nfo(document("musicvideo", "<title>A</title>")) == []
    assert read_nfo(b"") == []
    assert read_nfo(bytes(range(256)) * 50) == []
    assert read_nfo("░░▒▓ GREAT RELEASE ▓▒░░\n imdb.com/title/tt0111161".encode("cp437", "replace")) != []


def test_episodes_in_one_more_element_are_found() -> None:
    found = read_nfo(f"<xbmcmultiepisode>{EPISODE.format(1)}{EPISODE.format(2)}</xbmcmultiepisode>".encode())
    assert [one.episode for one in found] == [1, 2]


def test_every_encoding_and_every_wrong_one_gives_the_same_text() -> None:
    for what, content in wrongly_declared("movie", "<title>Élodie - Übermut</title>"):
        assert [one.title for one in read_nfo(content)] == ["Élodie - Übermut"], what


def test_entities_are_never_expanded_and_nothing_is_fetched(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        began = time.process_time()
        (video,) = read_nfo(document("movie", f"<title>{reference}one</title><plot>two</plot>", doctype))
        assert (video.title, video.plot) == ("one", "two"), what
        assert time.process_time() - began < 2, what
        assert SECRET not in repr(video), what


@pytest.mark.parametrize(
    "content",
    [
        b"<movie><title>A</movie>",
        b"<movie",
        b"<movie>" * 100_000,
        b"<movie>" + b"x" * LIMIT,
        b"<movie>&" * 9000,
    ],
)
def test_broken_ones_are_a_problem(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(MediaTrouble) as caught:
        read_nfo(content, "film.nfo")
    assert caught.value.code is ProblemCode.METADATA_UNREADABLE
    assert "film.nfo" in caught.value.detail
    assert time.process_time() - began < 2


_PIECES = [
    "<movie>", "</movie>", "<episodedetails>", "</episodedetails>", "<title>", "</title>", "7,5", "<rating>",
    "&", "\0", "http://imdb.com/title/tt0111161", "<?xml?>", "<!DOCTYPE movie [", "]>", "<actor><name>x",
    "\ufeff", "<season>99999999999",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_whatever_the_bytes_there_is_a_list_or_a_trouble(pieces: list[str], codec: str) -> None:
    try:
        assert isinstance(read_nfo("".join(pieces).encode(codec, "replace")), list)
    except MediaTrouble as trouble:
        assert trouble.code is ProblemCode.METADATA_UNREADABLE  # noqa: PT017
