"""The ways in which people keep films: a layout for each, for `video_library`.

Each layout writes one film, or a few that lie side by side, and notes what they are: title and year as they
are written, versions, parts, extras and what stands beside. None asks anybody what a name means.
"""

from __future__ import annotations

from bench.corpus.video_making import Layout, Making

_GROUPS = ("FLUX", "NOGRP", "OWLS", "KiTE", "HAZE")
_SOURCES = (
    "1080p.BluRay.x264",
    "720p.WEB-DL.DD5.1.H.264",
    "2160p.UHD.BluRay.x265",
    "DVDRip.XviD",
    "480p.HDTV.x264",
)
#: Titles that are years, numbers, or words that mean something elsewhere, with their years.
_TRICKY = (
    ("300", 2006), ("1917", 2019), ("2012", 2009), ("1922", 2017), ("2001 A Space Odyssey", 1968),
    ("Blade Runner 2049", 2017), ("The Big Short", 2015), ("Trailer Park of Terror", 2008), ("[REC]", 2007),
    ("S.W.A.T.", 2003), ("10x10", 2018), ("Se7en", 1995), ("District 9", 2009), ("Apollo 13", 1995),
    ("Kill Bill Vol. 1", 2003), ("Kill Bill Vol. 2", 2004), ("The Deathly Hallows Part 1", 2010),
    ("The Deathly Hallows Part 2", 2011), ("Movie 43", 2013), ("The Interview", 2014), ("12 Angry Men", 1957),
    ("Fahrenheit 451", 1966), ("Death Race 2000", 1975), ("Class of 1984", 1982), ("Wonder Woman 1984", 2020),
    ("THX 1138", 1971), ("Real Steel", 2011), ("9", 2009), ("Cube 2", 2002), ("Short Circuit", 1986),
    ("Behind the Scenes of Nothing", 1999), ("Deleted", 2014), ("The Other Guys", 2010), ("Up", 2009),
)  # fmt: skip


def kodi(made: Making) -> None:
    """A folder for a film, with an NFO, a poster and fanart; the NFO knows the title better."""
    title, year = made.title(), made.year()
    movie = made.movie(f"{title} (as told)", year + 1, imdb=f"tt{made.rng.randrange(10**6, 10**7):07}")
    folder = f"Movies/{title} ({year})"
    made.version(movie, f"{folder}/{title} ({year}).mkv")
    own = made.rng.random() < 0.5
    made.nfo(
        f"{folder}/{f'{title} ({year})' if own else 'movie'}.nfo",
        "movie",
        [
            ("title", movie.title),
            ("year", movie.year),
            ("plot", f"Somebody looks for something in {year}."),
            ("genre", "Drama"),
            ("uniqueid", {"": movie.ids["imdb"], "type": "imdb", "default": "true"}),
            ("director", "Ruth Harrow"),
        ],
    )
    made.picture(f"{folder}/poster.jpg", "poster")
    made.picture(f"{folder}/{title} ({year})-fanart.jpg", "fanart")


def jellyfin_versions(made: Making) -> None:
    """Versions in one folder, told apart by a label behind its name, and an id in brackets."""
    title, year, number = made.title(), made.year(), made.rng.randrange(1000, 999_999)
    name = f"{title} ({year}) [tmdbid-{number}]"
    movie = made.movie(title, year, tmdb=str(number))
    labels = ["1080p", "2160p", "Director's Cut", "Extended Edition - 720p"]
    for label in made.rng.sample(labels, made.rng.randrange(2, 4)):
        (place,) = made.version(movie, f"Movies/{name}/{name} - {label}.mkv")
        if label == "1080p":
            made.subtitle(f"Movies/{name}/{name} - 1080p.en.srt", [place], "en")
            made.subtitle(f"Movies/{name}/{name} - 1080p.en.forced.srt", [place], "en", forced=True)
    made.picture(f"Movies/{name}/backdrop.jpg", "fanart")


def plex_editions(made: Making) -> None:
    """An edition in braces, beside the film without one."""
    title, year, number = made.title(), made.year(), made.rng.randrange(10**6, 10**7)
    name = f"{title} ({year}) {{imdb-tt{number:07}}}"
    movie = made.movie(title, year, imdb=f"tt{number:07}")
    made.version(movie, f"Movies/{name}/{name}.mp4")
    made.version(movie, f"Movies/{name}/{name} {{edition-Final Cut}}.mp4")


def scene_file(made: Making) -> None:
    """A release as it was, in a folder of downloads; its sample lies beside it."""
    title, year = made.title(plain=True), made.year()
    name = f"{title.replace(' ', '.')}.{year}.{made.rng.choice(_SOURCES)}-{made.rng.choice(_GROUPS)}"
    movie = made.movie(title, year)
    made.version(movie, f"Downloads/{name}.mkv")


def scene_folder(made: Making) -> None:
    """A release in its folder: a short name inside, a sample, subtitles in a folder, an NFO for people."""
    title, year, group = made.title(plain=True), made.year(), made.rng.choice(_GROUPS)
    folder = f"Downloads/{title.replace(' ', '.')}.{year}.1080p.BluRay.x264-{group}"
    short = f"{group.lower()}-{title.split()[-1].lower()}1080p"
    movie = made.movie(title, year)
    (place,) = made.version(movie, f"{folder}/{short}.mkv")
    made.extra(f"{folder}/Sample/{short}-sample.mkv", "sample", movie)
    made.subtitle(f"{folder}/Subs/2_English.srt", [place], "en")
    made.subtitle(f"{folder}/Subs/3_German.srt", [place], "de")
    made.file(f"{folder}/{short}.nfo", f"  {title}\n  ------\n  ripped by us\n")


def lettered(made: Making) -> None:
    """Films side by side in folders by letter, with trailers that have their names."""
    for _ in range(4):
        title, year = made.title(), made.year()
        movie = made.movie(title, year)
        folder = f"Films/{title[0] if title[0].isascii() and title[0].isalpha() else '#'}"
        (place,) = made.version(movie, f"{folder}/{title} ({year}).m4v")
        made.picture(f"{folder}/{title} ({year})-poster.jpg", "poster")
        if made.rng.random() < 0.4:
            made.extra(f"{folder}/{title} ({year})-trailer.mp4", "trailer", movie)
        if made.rng.random() < 0.3:
            made.subtitle(f"{folder}/{title} ({year}).fr.sdh.srt", [place], "fr", sdh=True)


def stacked(made: Making) -> None:
    """A film in two files, in each of the ways in which parts are numbered."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    first, second = made.rng.choice(
        [
            (" cd1", " cd2"),
            ("-part1", "-part2"),
            (" - pt1", " - pt2"),
            (".disc1", ".disc2"),
            (" dvd a", " dvd b"),
        ]
    )
    name = f"Movies/{title} ({year})/{title} ({year})"
    parts = made.version(movie, f"{name}{first}.avi", f"{name}{second}.avi")
    made.subtitle(f"{name}{second}.it.srt", parts[1:], "it")


def stacked_in_folders(made: Making) -> None:
    """A film in two files, each in a folder of its own."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Films/{title} ({year})"
    made.version(movie, f"{folder}/CD1/{title} ({year}).avi", f"{folder}/CD2/{title} ({year}).avi")


def dvd(made: Making) -> None:
    """A disc as it was copied."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Movies/{title} ({year})/VIDEO_TS"
    for name in ("VIDEO_TS.IFO", "VTS_01_0.IFO", "VTS_01_0.BUP", "VTS_02_0.IFO"):
        made.index(f"{folder}/{name}")
    movie.versions.append([made.video(f"{folder}/VTS_02_{number}.VOB", seconds=0.4) for number in (1, 2)])
    movie.others = [
        made.video(f"{folder}/{name}.VOB") for name in ("VIDEO_TS", "VTS_01_0", "VTS_01_1", "VTS_02_0")
    ]


def blu_ray(made: Making) -> None:
    """The other disc, with a trailer beside it."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Movies/{title} ({year})"
    stream = f"{folder}/BDMV/STREAM"
    movie.versions.append([made.video(f"{stream}/00801.m2ts", seconds=0.4)])
    movie.others = [made.video(f"{stream}/{name}.m2ts") for name in ("00000", "00802")]
    made.file(f"{folder}/BDMV/index.bdmv", b"INDX0200" + bytes(40))
    made.file(f"{folder}/BDMV/CLIPINF/00001.clpi", b"HDMV0200" + bytes(40))
    made.file(f"{folder}/BDMV/PLAYLIST/00001.mpls", b"MPLS0200" + bytes(40))
    made.extra(f"{folder}/trailers/Teaser.mp4", "trailer", movie)


def extras_in_folders(made: Making) -> None:
    """All the folders of extras that people know, below that of their film."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Movies/{title} ({year})"
    made.version(movie, f"{folder}/{title} ({year}).mkv")
    kinds = [
        ("Trailers/Teaser.mp4", "trailer"),
        ("Behind The Scenes/On the set.mp4", "behind the scenes"),
        ("Deleted Scenes/The other end.mp4", "deleted scene"),
        ("Featurettes/How it was made.mp4", "featurette"),
        ("Interviews/The director speaks.mp4", "interview"),
        ("Scenes/At the bridge.mp4", "scene"),
        ("Shorts/Before it all.mp4", "short"),
        ("clips/Noon.mp4", "clip"),
        ("extras/Outtakes.mp4", "other"),
        ("other/Slides.mp4", "other"),
        ("backdrops/Sea.mp4", "backdrop"),
    ]
    for name, sort in made.rng.sample(kinds, 4):
        made.extra(f"{folder}/{name}", sort, movie)


def extras_by_suffix(made: Making) -> None:
    """Extras beside their film, called after it."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    name = f"Movies/{title} ({year})/{title} ({year})"
    made.version(movie, f"{name}.mp4")
    kinds = [
        ("-trailer", "trailer"), ("-behindthescenes", "behind the scenes"), ("-deleted", "deleted scene"),
        ("-featurette", "featurette"), ("-interview", "interview"), ("-scene", "scene"), ("-short", "short"),
        ("-sample", "sample"), ("-other", "other"), ("-clip", "clip"), (".trailer", "trailer"),
        ("_sample", "sample"),
    ]  # fmt: skip
    for behind, sort in made.rng.sample(kinds, 3):
        made.extra(f"{name}{behind}.mp4", sort, movie)


def on_two_disks(made: Making) -> None:
    """The same film on both disks, better on the second."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    made.version(movie, f"Movies/{title} ({year})/{title} ({year}) 1080p.mkv")
    (place,) = made.version(movie, f"UHD/{title} ({year})/{title} ({year}) 2160p.mkv", root=1)
    made.subtitle(f"UHD/{title} ({year})/{title} ({year}) 2160p.pt-BR.srt", [place], "pt-BR")


def without_a_year(made: Making) -> None:
    """Films of one's own: a title alone says nothing, so each folder has its own film."""
    title = made.title()
    for place in ("Videos/Summer", "Videos/Winter"):
        movie = made.movie(title, None)
        made.version(movie, f"{place} of {title.split()[0]}/{title}.mp4")


def three_d(made: Making) -> None:
    """A film and its other shape."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Movies/{title} ({year})"
    made.version(movie, f"{folder}/{title} ({year}).mkv")
    made.version(movie, f"{folder}/{title} ({year}) 3D HSBS.mkv")


def nameless(made: Making) -> None:
    """A file whose folder alone says what it is, and many words beside it."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    folder = f"Movies/{title} ({year})"
    (place,) = made.version(movie, f"{folder}/movie.mkv")
    made.subtitle(f"{folder}/movie.hi.srt", [place], "hi")
    made.subtitle(f"{folder}/movie.en.hi.srt", [place], "en", sdh=True)
    made.subtitle(f"{folder}/movie.es.default.srt", [place], "es", default=True)
    made.subtitle(f"{folder}/movie.Signs and songs.ja.ass", [place], "ja", title="Signs and songs")
    made.sound(f"{folder}/movie.cs.ac3", [place], "cs")
    made.sound(f"{folder}/movie.en.Commentary.ac3", [place], "en", "Commentary")


def address(made: Making) -> None:
    """A text that names an address: listed, never followed."""
    title, year = made.title(), made.year()
    movie = made.movie(title, year)
    made.count += 1
    movie.versions.append([made.file(f"Streams/{title} ({year}).strm", "http://127.0.0.1:9/film.mkv\n")])


def tricky(made: Making) -> None:
    """Titles that look like something else, each in a folder of its own and once more in one for all."""
    for title, year in _TRICKY:
        movie = made.movie(title, year)
        made.version(movie, f"Movies/{title} ({year})/{title} ({year}).mkv")
        made.version(movie, f"All of them/{title} ({year}).mkv", root=1)


#: Those that are written again and again.
LAYOUTS: tuple[Layout, ...] = (
    kodi, jellyfin_versions, plex_editions, scene_file, scene_folder, lettered, stacked, stacked_in_folders,
    dvd, blu_ray, extras_in_folders, extras_by_suffix, on_two_disks, without_a_year, three_d, nameless,
    address,
)  # fmt: skip
