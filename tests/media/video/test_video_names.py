"""What names and folders of videos say, and what they do not say."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media.video.name_beside import beside
from shelfread.media.video.name_films import film_of
from shelfread.media.video.name_folders import folder_of
from shelfread.media.video.name_words import EPISODE, EXTRA_SUFFIXES, SEASON
from shelfread.media.video.names import disc_of, from_name, inspect_name, show_named, what_is
from shelfread.model.video import Video
from tests.media.video import table_beside, table_episodes, table_films
from tests.media.video.name_words import Cases

RULES: dict[str, tuple[Cases, Cases]] = {**table_films.RULES, **table_episodes.RULES, **table_beside.RULES}


@pytest.mark.parametrize("rule", RULES)
def test_c6_what_names_say_is_read_and_nothing_more(rule: str) -> None:
    wrong = {}
    for cases in RULES[rule]:
        for path, facts in cases.items():
            if (found := inspect_name(path.encode())) != facts:
                wrong[path] = (found, facts)
    assert not wrong


# --- The table itself (issue 6, done-line 1).


def test_the_table_has_400_cases_8_of_each_rule_and_a_quarter_say_no() -> None:
    yes = sum(len(cases) for cases, _ in RULES.values())
    no = sum(len(cases) for _, cases in RULES.values())
    assert yes + no >= 400
    assert no * 4 >= yes + no
    assert not [rule for rule, (says, denies) in RULES.items() if len(says) + len(denies) < 8 or not denies]
    assert len(RULES) == sum(map(len, (table_films.RULES, table_episodes.RULES, table_beside.RULES)))


def test_no_two_cases_of_a_rule_differ_only_in_the_title() -> None:
    same = []
    for says, denies in RULES.values():
        seen: dict[tuple[str, str], str] = {}
        for path, facts in {**says, **denies}.items():
            rest = {name: value for name, value in facts.items() if name not in ("title", "show", "of")}
            key = _shape(path, facts), repr(sorted(rest.items()))
            if key in seen:
                same.append((seen[key], path))
            seen[key] = path
    assert not same
    paths = [path for cases in RULES.values() for part in cases for path in part]
    assert len(set(paths)) == len(paths)


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
#: Words of titles that are what the case is about.
_MEANT = re.compile(
    rf"{SEASON}|{EPISODE}|{'|'.join(EXTRA_SUFFIXES)}|scenes|clips|web|cam|opus|proper|real|internal"
    rf"|screener|x|e|s"
    r"|final|uncut|extended|unrated|special|limited|director's|part|disc|sbs|d|german|fin|man|it|hi|forced"
    r"|default|spam|specials|room|of|space|rec|class|commentary|dr|no|vol|u|wall|cap|epic"
    r"|people|movie|complete|samples",
    re.IGNORECASE,
)


def _shape(path: str, facts: dict[str, Any]) -> str:
    """A path with the words of its titles made the same; what the rule is about stays."""
    said = " ".join(str(facts.get(name, "")) for name in ("title", "show", "of"))
    words = {word.casefold() for word in _WORD.findall(said)}

    def same(match: re.Match[str]) -> str:
        word = match[0]
        return "w" if word.casefold() in words and not _MEANT.fullmatch(word) else word.casefold()

    return re.sub(r"w(?:[ ._]w)+", "w", _WORD.sub(same, path))


# --- What the table cannot say.


def test_only_a_name_is_its_source_and_what_is_not_said_is_none() -> None:
    video = from_name(b"Alien (1979).mkv")
    assert video.sources == ["name"]
    assert video == Video(type="movie", title="Alien", year=1979, sources=["name"])


def test_names_that_are_not_utf_8_have_a_title_and_their_number() -> None:
    video = from_name(b"S\xe9rie/Season 1/S\xe9rie S01E02.avi")
    assert (video.show, video.season, video.episode) == ("S\ufffdrie", 1, 2)
    assert from_name(b"\xff\xfe.mkv").title


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        (b"Alien.mkv", "movie"),
        (b"Lost S01E02.mkv", "episode"),
        (b"Alien-trailer.mkv", "extra"),
        (b"Alien.sample.mkv", "sample"),
        (b"Alien.en.srt", "subtitle"),
        (b"Alien.en.mka", "audio"),
        (b"", "movie"),
        (b".mkv", "movie"),
        (b"/", "movie"),
    ],
)
def test_every_name_is_of_some_type(path: bytes, sort: str) -> None:
    assert what_is(path) == sort


def test_the_name_of_the_root_is_not_known_and_makes_nothing_an_extra() -> None:
    # A library whose root is called "Trailers" hands out paths below it.
    assert what_is(b"Alien (1979)/Alien (1979).mkv") == "movie"
    assert what_is(b"Alien (1979).mkv") == "movie"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (b"Ran/VIDEO_TS/VTS_01_1.VOB", b"Ran"),
        (b"A/Ran/bdmv/STREAM/00001.m2ts", b"A/Ran"),
        (b"Ran/VTS_01_1.VOB", b"Ran"),
        (b"Ran/Disc 1/VIDEO_TS/VIDEO_TS.IFO", b"Ran/Disc 1"),
        (b"VIDEO_TS/VIDEO_TS.IFO", b""),
        (b"VIDEO_TS.IFO", b""),
        (b"Ran/Ran.mkv", None),
        (b"Ran/VIDEO_TS", None),
        (b"BDMV.mkv", None),
    ],
)
def test_all_files_of_a_disc_are_one_item_of_the_folder_above(path: bytes, folder: bytes | None) -> None:
    assert disc_of(path) == folder


def test_all_files_of_a_disc_say_the_same() -> None:
    for head in ("Ran (1985)/", "", "Movies/Disc 2/", "Lost/Season 1/Disc 1/"):
        inside = [
            "VIDEO_TS/VIDEO_TS.IFO",
            "VIDEO_TS/VTS_01_1.VOB",
            "VIDEO_TS/VTS_12_3.VOB",
            "VIDEO_TS/sub/x.mkv",
        ]
        first, *others = (inspect_name(f"{head}{name}".encode()) for name in inside)
        assert all(one == first for one in others)


def test_the_show_of_an_episode_has_the_year_and_the_ids_of_its_folder() -> None:
    show = show_named(b"Lost (2004) [tvdbid-73739]/Season 1/Lost S01E02.mkv")
    ids = {"tvdb": "73739"}
    assert show == Video(type="show", title="Lost", year=2004, provider_ids=ids, sources=["name"])
    assert show_named(b"S01E02.mkv") is None
    assert show_named(b"Alien (1979).mkv") is None


_BESIDE = {
    "Alien (1979).en.srt": ("Alien (1979)", {"language": "en"}),
    "alien (1979).EN.srt": ("Alien (1979)", {"language": "en"}),
    "Alien (1979).Ridley speaks.en.srt": ("Alien (1979)", {"language": "en", "title": "Ridley speaks"}),
    "Alien (1979).en.Ridley.forced.srt": (
        "Alien (1979)",
        {"language": "en", "title": "Ridley", "forced": True},
    ),
    "Alien (1979) - English [SDH].srt": ("Alien (1979)", {"language": "en", "sdh": True}),
    "Alien (1979)_ger.srt": ("Alien (1979)", {"language": "de"}),
    "Alien (1979)-pt-BR.srt": ("Alien (1979)", {"language": "pt-BR"}),
    "Alien (1979).hi.srt": ("Alien (1979)", {"language": "hi"}),
    "Alien (1979).hi.fr.srt": ("Alien (1979)", {"language": "fr", "sdh": True}),
    "Alien (1979).srt": ("Alien (1979)", {}),
    "Alien (1979) - 1080p.fr.srt": ("Alien (1979) - 1080p", {"language": "fr"}),
    "Alien (1979).default.cc.es.mka": ("Alien (1979)", {"language": "es", "sdh": True, "default": True}),
    "Aliens (1986).en.srt": None,
    "Alien (1979)x.srt": None,
    "Ali.en.srt": None,
}


@pytest.mark.parametrize("name", _BESIDE)
def test_who_knows_the_videos_of_the_folder_knows_whose_a_subtitle_is(name: str) -> None:
    found = beside(name.encode(), [b"Alien (1979)", b"Alien (1979) - 1080p"])
    expected = _BESIDE[name]
    if expected is None:
        assert found is None
        return
    assert found is not None
    stem, video = found
    assert (stem.decode(), video) == (expected[0], Video(of=expected[0], **expected[1]))


def test_folders_are_looked_at_once() -> None:
    folder_of.cache_clear()
    for number in range(10):
        from_name(b"TV/Lost (2004)/Season 1/Lost S01E%02d.mkv" % number)
    assert (folder_of.cache_info().hits, folder_of.cache_info().misses) == (9, 1)


# --- Any bytes whatever, and how long they take.

_SAID = (
    "( ) [ ] { } - – _ . , ' # & + ~ 0 1 05 12 2010 (2010) 1999-12 2018-03-24 S01 S01E02 E03 -E04 1x02"
    " x03 01-02 1080p x264 WEB-DL web bluray -GRP cd1 part disc trailer sample -sample season staffel"
    " episode folge сезон серия 第 第1季 第2集 화 [tmdbid- tt1234567 {edition- en .en .hi forced [Group]"
    " 【 】 www. 3D SBS the director's cut extended é \u0301 \ufffd Aa A. one"
)
_PIECES = st.sampled_from(_SAID.split(" "))
_NAMES = st.one_of(
    st.binary(max_size=600),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
    st.lists(st.one_of(_PIECES, st.just(" "), st.just("/"), st.just(" - ")), max_size=120).map(
        lambda pieces: "".join(pieces).encode("utf-8", "replace")
    ),
    st.tuples(_PIECES, _PIECES, st.integers(1, 200)).map(
        lambda three: ((three[0] + three[1]) * three[2]).encode("utf-8", "replace")
    ),
)
_SUFFIXES = [b"", b".mkv", b".srt", b".mp3", b"/x.mkv", b"/Season 1/01.mkv", b"/VIDEO_TS/x.vob"]


def _seconds(path: bytes) -> float:
    film_of.cache_clear()
    folder_of.cache_clear()
    begin = time.thread_time()
    video = from_name(path)
    taken = time.thread_time() - begin
    _sound(video)
    return taken


def _least(path: bytes) -> float:
    """The quickest of a few, since the machine does other things as well."""
    least = 1.0
    for _ in range(5):
        least = min(least, _seconds(path))
        if least < 0.002:
            break
    return least


def _sound(video: Video) -> None:
    assert video.type in ("movie", "episode", "extra", "sample", "subtitle", "audio")
    assert video.title or video.type in ("episode", "subtitle", "audio")
    assert (video.type in ("extra", "sample")) == (video.extra is not None) or video.type == "movie"
    assert video.episode_end is None or (video.episode is not None and video.episode < video.episode_end)
    assert video.air_date is None or re.fullmatch(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", video.air_date)
    assert video.year is None or 1880 <= video.year < 2040
    assert video.show is None or video.show.strip()
    assert len(video.title or "") <= 255


def test_a_name_takes_less_than_a_tenth_of_a_millisecond() -> None:
    paths = [path.encode() for cases in RULES.values() for part in cases for path in part]
    least = 1.0
    for _ in range(20):
        film_of.cache_clear()
        folder_of.cache_clear()
        begin = time.thread_time()
        for path in paths:
            from_name(path)
        least = min(least, (time.thread_time() - begin) / len(paths))
        if least < 0.0001:
            break
    assert least < 0.0001


@settings(max_examples=500, deadline=None)
@given(_NAMES, st.sampled_from(_SUFFIXES))
def test_no_name_crashes_and_none_takes_five_milliseconds(name: bytes, suffix: bytes) -> None:
    assert _least(name + suffix) < 0.005


_REPEATED = (
    "( [ { 0 0_ 1x _ - . -- -_- _-_ [a] [a][ () (1) (2010) 2010- 2010. 1-1. s1 s1e1 e1 -e1 x1 S01E01- 01-"
    " .1 A. a.b cd1 tt [tmdbid- {edition- .en en. (en) .hi sample. -sample 1080p. .web web. dl. 3d."
    " season. season1 s01- 第 第1 第1季 1集 【 】 ' 's 1~1 1&1 www. the. cut. multi. x264- hd- \ufffd"
    " \u0301 \x00 \x01"
)


@pytest.mark.parametrize("piece", _REPEATED.split(" "))
def test_names_that_repeat_themselves_take_no_longer(piece: str) -> None:
    for joint in ("", " "):
        long = ((piece + joint) * 260)[:250]
        for path in (
            f"{long}.mkv",
            f"{long}.srt",
            f"{long}/Season 1/{long}.mkv",
            f"{long}/{long} S01E01 {long}.mkv",
            f"a {long} (2010){long}!.mkv",
            f"[b] {long}!.mkv",
            "/".join([long] * 16),
        ):
            assert _least(path.encode("utf-8", "replace")) < 0.005, path[:40]


def test_a_very_long_path_takes_no_longer() -> None:
    assert _least(b"Season 1/" * 100_000 + b"x.mkv") < 0.02
    assert _least(b"Season 1/Lost S01E02 " * 300) < 0.005
