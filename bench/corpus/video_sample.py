"""The sample films and series: what `make scan` shows beside the music of `sample` and its books.

Small and short, but with what real shelves have: versions of a film, a film in parts, an edition, a disc,
extras, subtitles beside the film and in it, HDR, several scripts, a show with specials and two episodes in a
file, one counted through and one by day, NFOs, posters beside and inside, an address that nobody follows,
something to ignore, and one broken file. All names are invented.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from bench.corpus import damage, pages
from bench.corpus.video import Film, Picture, Sound, Text, film

_ADDED = 1_577_836_800  # the start of 2020: the files look settled
_POSTER, _WIDE = (400, 600), (640, 360)
_IGNORE = """\
# What lies beside the films and is none of them.
raw/
*.proxy.mp4
"""
_SMALL = Film()
_SIX = Sound("ac3", "5.1", language="eng", default=True)
_CHAPTERS = ((0.0, "Slack water"), (0.2, "The pilot's letter"))
_HD = Film(
    pictures=(Picture(width=1280, height=720, colour="bt709", language="eng"),),
    sounds=(_SIX, Sound(language="eng", title="Commentary by the crew", commentary=True)),
    texts=(Text(language="eng", sdh=True), Text("ass", "nor")),
    chapters=_CHAPTERS,
)
_HDR = Film(
    pictures=(Picture("hevc", 1920, 1080, bit_depth=10, colour="bt2020 pq", mastering=True),),
    sounds=(Sound("eac3", "5.1", language="eng"),),
    chapters=_CHAPTERS,
    seconds=0.2,
)
_FILMS: dict[str, Film] = {
    "Films/Harbour Lights (2014)/Harbour Lights (2014) - 720p.mkv": _HD,
    "Films/Harbour Lights (2014)/Harbour Lights (2014) - 1080p HDR.mkv": _HDR,
    "Films/Harbour Lights (2014)/Harbour Lights (2014)-trailer.mp4": Film("mp4"),
    "Films/Harbour Lights (2014)/Featurettes/Painting the pier.mp4": Film("mp4", seconds=0.6),
    "Films/The Paper Owls (1998)/The Paper Owls (1998) cd1.avi": Film(
        "avi", (Picture("mpeg4"),), (Sound("mp3"),)
    ),
    "Films/The Paper Owls (1998)/The Paper Owls (1998) cd2.avi": Film(
        "avi", (Picture("mpeg4"),), (Sound("mp3"),)
    ),
    "Films/Northern Signal (2009)/Northern Signal (2009) {edition-Director's Cut}.mp4": Film(
        "mp4",
        (Picture(rate=Fraction(24000, 1001)),),
        texts=(Text("mov_text", "eng"),),
        title="Northern Signal",
    ),
    "Films/夜の図書館 (2019)/夜の図書館 (2019).mkv": Film(
        pictures=(Picture("av1"),), sounds=(Sound("flac", language="jpn"),), texts=(Text("pgs", "eng"),)
    ),
    "Films/Тихие станции (2021)/Тихие станции (2021).webm": Film("webm", (Picture("vp9"),), (Sound("opus"),)),
    "Films/Symphonie des marées (1987)/VIDEO_TS/VTS_01_1.VOB": Film(
        "mpegps", (Picture("mpeg2", interlaced=True),), (Sound("ac3"),), seconds=0.8
    ),
    "Films/Symphonie des marées (1987)/VIDEO_TS/VTS_02_1.VOB": Film(
        "mpegps", (Picture("mpeg2"),), (Sound("mp2"),)
    ),
    "Films/Weekend at the pier.mov": Film("mov", (Picture(rotation=90),)),
    "Series/Lighthouse Keeping (2016)/Season 1/Lighthouse Keeping S01E01 - Fog.mkv": _HD,
    "Series/Lighthouse Keeping (2016)/Season 1/Lighthouse Keeping S01E02 - The Lamp.mkv": _SMALL,
    "Series/Lighthouse Keeping (2016)/Season 1/Lighthouse Keeping S01E03-E04 - Ebb and Flow.mkv": _SMALL,
    "Series/Lighthouse Keeping (2016)/Season 2/Lighthouse Keeping S02E01.mkv": _SMALL,
    "Series/Lighthouse Keeping (2016)/Specials/Lighthouse Keeping S00E01 - How the lamp works.mkv": _SMALL,
    "Series/Salt Machine/[Paper-Owls] Salt Machine - 01 [720p].mkv": _SMALL,
    "Series/Salt Machine/[Paper-Owls] Salt Machine - 02 [720p].mkv": _SMALL,
    "Series/Die Gezeitenuhr/Staffel 1/Die Gezeitenuhr 1x01.ts": Film(
        "mpegts", sounds=(Sound("mp2", language="ger"),)
    ),
    "Series/Quayside News/Quayside.News.2019.03.24.mp4": Film("mp4"),
    "Series/Quayside News/Quayside.News.2019.03.25.wmv": Film("asf", (Picture("wmv2"),), (Sound("wma"),)),
    "Loose Ends/Broken Download (2003).mkv": _HD,
    "raw/Harbour rushes.mov": Film("mov", (Picture("prores"),), (Sound("pcm"),)),
    "Loose Ends/Salt.proxy.mp4": Film("mp4"),
}
#: Posters that are attached, by the film.
_INSIDE = {
    "Films/Northern Signal (2009)/Northern Signal (2009) {edition-Director's Cut}.mp4": (
        "NORTHERN",
        "SIGNAL",
    ),
    "Series/Salt Machine/[Paper-Owls] Salt Machine - 01 [720p].mkv": ("SALT", "MACHINE", "1"),
}
_PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "Films/Harbour Lights (2014)/poster.jpg": (_POSTER, ("HARBOUR", "LIGHTS")),
    "Films/Harbour Lights (2014)/fanart.jpg": (_WIDE, ()),
    "Films/The Paper Owls (1998)/folder.jpg": (_POSTER, ("THE PAPER", "OWLS")),
    "Films/Symphonie des marées (1987)/cover.jpg": (_POSTER, ("SYMPHONIE",)),
    "Series/Lighthouse Keeping (2016)/poster.jpg": (_POSTER, ("LIGHTHOUSE", "KEEPING")),
    "Series/Lighthouse Keeping (2016)/season01-poster.jpg": (_POSTER, ("LIGHTHOUSE", "KEEPING", "1")),
    "Series/Lighthouse Keeping (2016)/season-specials-poster.jpg": (_POSTER, ("SPECIALS",)),
    "Series/Lighthouse Keeping (2016)/Season 1/Lighthouse Keeping S01E01 - Fog-thumb.jpg": (_WIDE, ("FOG",)),
    "Series/Die Gezeitenuhr/Staffel 1/poster.jpg": (_POSTER, ("DIE GEZEITEN-", "UHR")),
}
_CUE = "1\n00:00:00,000 --> 00:00:00,300\nThe lamp is out.\n"
_TEXTS = {
    ".shelfignore": _IGNORE,
    "Films/Harbour Lights (2014)/Harbour Lights (2014) - 720p.no.srt": _CUE,
    "Films/Harbour Lights (2014)/Harbour Lights (2014) - 720p.en.forced.srt": _CUE,
    "Films/Harbour Lights (2014)/movie.nfo": """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>Harbour Lights</title>
  <originaltitle>Havnelys</originaltitle>
  <plot>Two harbour pilots, one lighthouse, and a letter that should have sunk.</plot>
  <premiered>2014-05-23</premiered>
  <rating>7,8</rating>
  <genre>Drama</genre>
  <genre>Mystery</genre>
  <studio>Quayside Pictures</studio>
  <director>Mira Solberg</director>
  <credits>Otto Lindqvist</credits>
  <actor><name>Ida Okonjo</name><role>Greta Strand</role></actor>
  <actor><name>Bruno Kovary</name><role>Pilot Quill</role></actor>
</movie>
""",
    "Films/夜の図書館 (2019)/Subs/2_English.srt": _CUE,
    "Series/Lighthouse Keeping (2016)/tvshow.nfo": """\
<tvshow>
  <title>Lighthouse Keeping</title>
  <plot>Nothing happens on the rock, five nights a week.</plot>
  <status>Ended</status>
  <genre>Comedy</genre>
  <actor><name>Ansel Wray</name><role>The keeper</role></actor>
</tvshow>
""",
    "Series/Lighthouse Keeping (2016)/Season 2/Lighthouse Keeping S02E01.nfo": """\
<episodedetails>
  <title>The Relief Boat</title>
  <season>2</season>
  <episode>1</episode>
  <aired>2017-10-02</aired>
</episodedetails>
""",
    "Loose Ends/Harbour camera.strm": "http://camera.invalid/harbour\n",
    "Loose Ends/notes.txt": "Ask Otto for the missing half.\n",
}


def build(dest: Path, seed: int = 1) -> int:
    """Make the library below `dest` and return how many videos a scan finds in it."""
    rng = random.Random(f"sample videos {seed}")
    seeds = iter(lambda: rng.getrandbits(32), None)
    for name, what in _FILMS.items():
        _write(dest, name, _film(name, what, seeds))
    for name, (size, words) in _PICTURES.items():
        _write(dest, name, pages.page("jpg", *size, next(seeds), words))
    for name, text in _TEXTS.items():
        _write(dest, name, text.encode())
    damage.cut(dest / "Loose Ends/Broken Download (2003).mkv", 0.5)
    for path in sorted(dest.rglob("*"), reverse=True):
        os.utime(path, (_ADDED, _ADDED + rng.randrange(10**8)))
    # Two are left out, one is only an address.
    return len(_FILMS) - 2 + 1


def _film(name: str, what: Film, seeds: Iterator[int]) -> bytes:
    words = _INSIDE.get(name)
    cover = pages.page("jpg", *_POSTER, next(seeds), words) if words else b""
    return film(replace(what, cover=cover, seed=next(seeds)))


def _write(dest: Path, name: str, content: bytes) -> None:
    path = dest / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
