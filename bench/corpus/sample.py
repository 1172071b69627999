"""The sample library: what `make scan` shows a newcomer who has no music at hand.

Small, but with what real libraries have: several scripts, several discs, several artists on a track,
half-known dates, covers in files and in folders, a folder without tags, something to ignore, and one broken
file. Every format occurs. All names are invented.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from bench.corpus import FORMATS, damage, invented, make_file, picture, suffix

_ADDED = 1_577_836_800  # the start of 2020: the files look settled
_IGNORE = """\
# What is left out of the catalogue. A negation brings back what an earlier line took away.
extras/
!extras/Interview (kept).mp3
*.demo.mp3
"""


@dataclass(frozen=True)
class _Shelf:
    """One folder: where it is, what its tracks have in common, and what they are called."""

    folder: str
    formats: tuple[str, ...]
    titles: tuple[str, ...]
    shared: dict[str, str | list[str]] = field(default_factory=dict)
    performers: tuple[list[str], ...] = ()
    embedded: bool = False
    picture: str | None = None
    known: bool = False
    tagged: bool = True


def _album(artist: str, album: str, genre: str, date: str, **more: str) -> dict[str, str | list[str]]:
    return {"artist": artist, "albumartist": artist, "album": album, "genre": genre, "date": date, **more}


_SHELVES = (
    _Shelf(
        "Mira Solberg/Harbour Lights (2014)",
        ("flac",),
        ("Slack Water", "Harbour Lights", "Gull Weather", "The Pilot's Letter", "Low Lamps", "Leaving Ebb"),
        _album(
            "Mira Solberg", "Harbour Lights", "Folk", "2014-05-23", composer="Mira Solberg", label="Quayside"
        ),
        embedded=True,
        picture="cover.jpg",
        known=True,
    ),
    _Shelf(
        "Mira Solberg/Nocturnes for Rain (2017)",
        ("mp3",),
        ("Gutter Song", "Tin Roof", "Umbrella Street", "Nocturne for Rain", "Petrichor", "Dry Shoes"),
        _album("Mira Solberg", "Nocturnes for Rain", "Folk", "2017-11", bpm="84"),
        embedded=True,
        known=True,
    ),
    _Shelf(
        "The Paper Lanterns/Kites",
        ("m4a",),
        ("Line Out", "Updraught", "Paper Tail", "Field Day", "Knots"),
        _album("The Paper Lanterns", "Kites", "Pop", "2009", comment="Ripped from the second pressing"),
        performers=(
            ["The Paper Lanterns"],
            ["The Paper Lanterns", "Ansel Wray"],
            ["The Paper Lanterns"],
            ["The Paper Lanterns", "Ida Okonjo", "Bruno Kovary"],
        ),
        embedded=True,
    ),
    _Shelf(
        "The Paper Lanterns/Live at the Boathouse",
        ("alac",),
        ("Kites", "Updraught (live)", "Candle End", "Goodnight, Boathouse"),
        _album("The Paper Lanterns", "Live at the Boathouse", "Pop", "2011-08-06"),
        picture="folder.jpg",
    ),
    _Shelf(
        "青木ユリ/夜の図書館",
        ("ogg",),
        ("閉館のベル", "青い窓", "貸出カード", "夜の図書館", "雨の駅"),
        _album("青木ユリ", "夜の図書館", "Ambient", "2019-02-14", artistsort="Aoki, Yuri"),
        embedded=True,
        known=True,
    ),
    _Shelf(
        "Анна Верескова/Тихие станции",
        ("opus",),
        ("Перрон", "Тихие станции", "Последний паром", "Зимний сад", "Расписание"),
        _album("Анна Верескова", "Тихие станции", "Electronic", "2021"),
        embedded=True,
    ),
    _Shelf(
        "Θάλεια Μαρκάκη/Το παλιό λιμάνι",
        ("wav", "aiff", "wav", "aiff"),
        ("Άνεμος", "Το παλιό λιμάνι", "Δίχτυα", "Καλοκαίρι"),
        _album("Θάλεια Μαρκάκη", "Το παλιό λιμάνι", "World", "1998"),
    ),
    _Shelf(
        "ليلى منصور/حديقة الشتاء",
        ("wv",),
        ("الثلج الأول", "حديقة الشتاء", "النافذة"),
        _album("ليلى منصور", "حديقة الشتاء", "Jazz", "2003-01"),
        embedded=True,
    ),
    _Shelf(
        "Various Artists/Coastline, Vol. 1",
        ("mp3",),
        ("Breakwater", "Salt Machine", "Tidal Clock", "Pier Song", "Driftwood", "Lighthouse Keeping"),
        {
            "albumartist": "Various Artists",
            "album": "Coastline, Vol. 1",
            "genre": ["Electronic", "Ambient"],
            "date": "2016",
            "compilation": "1",
        },
        performers=(
            ["Ansel Wray"],
            ["The Salt Machines", "Ida Okonjo"],
            ["Bruno Kovary"],
            ["Mira Solberg"],
            ["青木ユリ", "Анна Верескова"],
            ["The Electric Owls"],
        ),
        picture="cover.jpg",
    ),
    *(
        _Shelf(
            f"Orchestre du Val d'Orbe/Symphonie des marées/CD{disc}",
            ("flac",),
            titles,
            _album(
                "Orchestre du Val d'Orbe",
                "Symphonie des marées",
                "Classical",
                "1987",
                composer="Hélène Castellan",
                discnumber=f"{disc}/2",
            ),
            embedded=True,
            known=True,
        )
        for disc, titles in (
            (1, ("I. Étale", "II. Flot", "III. Vive-eau", "IV. Jusant")),
            (2, ("V. Basse mer", "VI. Morte-eau", "VII. Renverse", "VIII. Pleine mer")),
        )
    ),
    _Shelf(
        "Otto Lindqvist - Northern Engines (1998)",
        ("mp3",),
        ("Ignition", "Cold Start", "Flywheel", "Governor", "Coasting"),
        tagged=False,
        picture="front.jpg",
    ),
    _Shelf(
        "Audiobooks/Ruth Ellery/The Clockmaker's Atlas",
        ("m4b",),
        ("Part One", "Part Two"),
        _album("Ruth Ellery", "The Clockmaker's Atlas", "Audiobook", "2012", composer="Silas Harrow"),
        embedded=True,
    ),
    _Shelf(
        "The Format Museum/One of Each",
        ("wma", "ape", "wv", "mpc", "dsf", "aac", "tta", "mp4"),
        ("Window", "Monkey", "Pack", "Muse", "One Bit", "Bare", "True", "Container"),
        _album("The Format Museum", "One of Each", "Experimental", "2005"),
    ),
)


def build(dest: Path, seed: int = 1) -> int:
    """Make the library below `dest` and return how many tracks its albums have."""
    rng = random.Random(f"sample {seed}")
    tracks = sum(_fill(dest, shelf, rng) for shelf in _SHELVES)
    missing = set(FORMATS) - {fmt for shelf in _SHELVES for fmt in shelf.formats}
    assert not missing, f"formats without an example: {missing}"
    _loose_ends(dest, rng)
    for path in sorted(dest.rglob("*"), reverse=True):
        os.utime(path, (_ADDED, _ADDED + rng.randrange(10**8)))
    return tracks


def _fill(dest: Path, shelf: _Shelf, rng: random.Random) -> int:
    folder = dest / shelf.folder
    folder.mkdir(parents=True, exist_ok=True)
    image = picture("jpeg", 400, 400, rng.getrandbits(32))
    if shelf.picture:
        (folder / shelf.picture).write_bytes(image)
    release, artist = invented.identifier(rng), invented.identifier(rng)
    for at, title in enumerate(shelf.titles):
        fmt = shelf.formats[at % len(shelf.formats)]
        tags = shelf.shared | {"title": title, "tracknumber": f"{at + 1}/{len(shelf.titles)}"}
        if shelf.performers:
            people = shelf.performers[at % len(shelf.performers)]
            tags |= {"artist": " & ".join(people), "artists": people}
        if shelf.known:
            tags |= {
                "musicbrainz_albumid": release,
                "musicbrainz_artistid": artist,
                "musicbrainz_albumartistid": artist,
                "musicbrainz_trackid": invented.identifier(rng),
                "replaygain_track_gain": f"{rng.uniform(-9, 1):.2f} dB",
                "replaygain_track_peak": f"{rng.uniform(0.6, 1):.6f}",
            }
        between = " - " if not shelf.tagged else " "
        make_file(
            folder / f"{at + 1:02}{between}{title}{suffix(fmt)}",
            fmt,
            seed=rng.getrandbits(32),
            seconds=0.5 if fmt == "dsf" else rng.uniform(1, 2),
            tags=tags if shelf.tagged else None,
            cover=image if shelf.embedded else None,
        )
    return len(shelf.titles)


def _loose_ends(dest: Path, rng: random.Random) -> None:
    """What is no album: something ignored, something brought back, a draft, half a download, a note."""
    (dest / ".shelfignore").write_text(_IGNORE, encoding="utf-8")
    extras, loose = dest / "extras", dest / "Loose Ends"
    extras.mkdir()
    loose.mkdir()
    ignored = (extras / "Studio chatter.mp3", loose / "Sketch.demo.mp3")
    kept = (extras / "Interview (kept).mp3", loose / "Broken Download.m4a")
    for path in (*ignored, *kept):
        make_file(
            path,
            "m4a" if path.suffix == ".m4a" else "mp3",
            seed=rng.getrandbits(32),
            seconds=2,
            tags={"title": path.name.split(".")[0], "artist": "Mira Solberg"},
        )
    # Half an MP4 has lost its index, which stands at the end: no reader can make anything of it.
    damage.cut(kept[1], 0.5)
    (loose / "notes.txt").write_text("Ask Otto for the missing half.\n", encoding="utf-8")
