"""The ways in which people keep shows: a layout for each, for `video_library`.

Each layout writes one show and notes what it is: its seasons, its episodes with their versions and parts, its
extras and what stands beside them. None asks anybody what a name means.
"""

from __future__ import annotations

from datetime import date, timedelta

from bench.corpus.video_making import Episode, Layout, Making, Place, Show

#: What a folder of a season is called, before its number and behind it.
_SEASONS = (
    ("Staffel ", ""), ("Saison ", ""), ("Stagione ", ""), ("Temporada ", ""), ("SEZÓNA ", ""), ("Сезон ", ""),
    ("Säsong ", ""), ("Sæson ", ""), ("Seizoen ", ""), ("Kausi ", ""), ("Sezon ", ""), ("", ". évad"),
    ("", ".Staffel"), ("第", "季"), ("シーズン", ""), ("시즌 ", ""), ("Series ", ""), ("S0", ""),
    ("season_0", ""), ("Season ", " - The Cave"),
)  # fmt: skip


def _episode(
    made: Making, show: Show, path: str, season: int | None, number: int | None, **more: object
) -> Episode:
    """Write an episode that is one file."""
    root = more.pop("root", 0)
    assert isinstance(root, int)
    one = Episode(season, number, **more)  # type: ignore[arg-type]
    made.version(one, path, root=root)
    show.episodes.append(one)
    return one


def _place(one: Episode) -> list[Place]:
    return one.versions[0]


def jellyfin(made: Making) -> None:
    """Show and year, padded seasons, titles in the names, pictures and NFO files all over, extras."""
    title, year = made.title(), made.year()
    show = made.show(f"{title}: The Series", year, tvdb=str(made.rng.randrange(1000, 400_000)))
    folder = f"Shows/{title} ({year})"
    made.nfo(
        f"{folder}/tvshow.nfo",
        "tvshow",
        [
            ("title", show.title),
            ("year", year),
            ("status", "Ended"),
            ("genre", "Comedy"),
            ("uniqueid", {"": show.ids["tvdb"], "type": "tvdb"}),
        ],
    )
    made.picture(f"{folder}/poster.jpg", "poster")
    made.picture(f"{folder}/season01-poster.jpg", "poster")
    made.picture(f"{folder}/banner.jpg", "banner")
    for season in (1, 2):
        for number in range(1, made.rng.randrange(4, 8)):
            said = made.title()
            stem = f"{folder}/Season {season:02}/{title} ({year}) S{season:02}E{number:02} - {said}"
            one = _episode(made, show, f"{stem}.mkv", season, number, title=said)
            if number == 1:
                one.title = f"{said} (told)"
                fields = [
                    ("title", one.title),
                    ("season", season),
                    ("episode", number),
                    ("plot", "It begins."),
                ]
                made.nfo(f"{stem}.nfo", "episodedetails", fields)
                made.picture(f"{stem}-thumb.jpg", "thumb")
            if number == 2:
                made.subtitle(f"{stem}.de.srt", _place(one), "de")
                made.subtitle(f"{stem}.de.forced.srt", _place(one), "de", forced=True)
    show.season_titles[2] = "The second year"
    made.nfo(f"{folder}/Season 02/season.nfo", "season", [("seasonnumber", 2), ("title", "The second year")])
    _episode(made, show, f"{folder}/Specials/{title} ({year}) S00E01.mkv", 0, 1)
    made.extra(f"{folder}/Trailers/Coming.mp4", "trailer", show)
    made.extra(f"{folder}/Season 01/Extras/Outtakes.mp4", "other", show)


def plex(made: Making) -> None:
    """An id in braces at the folder, names with dashes, double episodes."""
    title, year, number = made.title(), made.year(), made.rng.randrange(1000, 400_000)
    show = made.show(title, year, tvdb=str(number))
    folder = f"TV Shows/{title} ({year}) {{tvdb-{number}}}"
    for season in (1, 2, 3):
        at = f"{folder}/Season {season:02}/{title} ({year}) - s{season:02}"
        _episode(made, show, f"{at}e01.mp4", season, 1)
        _episode(made, show, f"{at}e02-e03.mp4", season, 2, last=3)
        _episode(made, show, f"{at}e04 - Noon at last.mp4", season, 4, title="Noon at last")
    one = Episode(3, 5)
    parts = [f"{folder}/Season 03/{title} ({year}) - s03e05 - pt{part}.mp4" for part in (1, 2)]
    made.version(one, *parts)
    show.episodes.append(one)


def kodi(made: Making) -> None:
    """Numbers with a cross, plain seasons, one NFO for two episodes."""
    title = made.title()
    show = made.show(title)
    folder = f"TV/{title}"
    for season in (1, 2):
        for number in range(1, made.rng.randrange(5, 9)):
            _episode(made, show, f"{folder}/Season {season}/{season}x{number:02}.avi", season, number)
    said, then = made.title(), made.title()
    stem = f"{folder}/Season 3/3x01x02"
    _episode(made, show, f"{stem}.avi", 3, 1, last=2, title=said)
    made.nfo(
        f"{stem}.nfo",
        "episodedetails",
        [("title", said), ("season", 3), ("episode", 1)],
        [("title", then), ("season", 3), ("episode", 2)],
    )


def in_other_languages(made: Making) -> None:
    """Folders of seasons in the language of their owner, and nothing but numbers inside."""
    title = made.title()
    show = made.show(title)
    before, behind = _SEASONS[len(made.library.shows) % len(_SEASONS)]
    for season in (1, 2):
        for number in range(1, made.rng.randrange(4, 9)):
            said = made.title()
            path = f"Serien/{title}/{before}{season}{behind}/{number:02} - {said}.mkv"
            _episode(made, show, path, season, number, title=said)


def scene(made: Making) -> None:
    """Releases of single episodes in one folder with those of others."""
    title = made.title(plain=True)
    show = made.show(title)
    group = made.rng.choice(("LOL", "DIMENSION"))
    for number in range(1, made.rng.randrange(4, 10)):
        name = f"{title.replace(' ', '.')}.S01E{number:02}.720p.HDTV.x264-{group}"
        _episode(made, show, f"Downloads/{name}.mkv", 1, number)


def scene_folders(made: Making) -> None:
    """A folder for each episode, with a sample and subtitles in it."""
    title = made.title(plain=True)
    show = made.show(title)
    for number in range(1, made.rng.randrange(3, 6)):
        name = f"{title.replace(' ', '.')}.S02E{number:02}.1080p.WEB.H264-GGEZ"
        one = _episode(made, show, f"TV/{name}/{name}.mkv", 2, number)
        made.extra(f"TV/{name}/Sample/{name}-sample.mkv", "sample", show)
        made.subtitle(f"TV/{name}/Subs/2_English.srt", _place(one), "en")


def scene_pack(made: Making) -> None:
    """A folder that names show and season, with the subtitles of each episode in a folder of its name."""
    title = made.title(plain=True)
    show = made.show(title)
    dotted = title.replace(" ", ".")
    for season in (1, 2):
        folder = f"TV/{dotted}.S{season:02}.1080p.BluRay.x264-SHORTS"
        for number in range(1, made.rng.randrange(4, 8)):
            stem = f"{dotted}.S{season:02}E{number:02}.1080p.BluRay.x264-SHORTS"
            one = _episode(made, show, f"{folder}/{stem}.mkv", season, number)
            made.subtitle(f"{folder}/Subs/{stem}/2_English.srt", _place(one), "en")
            made.subtitle(f"{folder}/Subs/{stem}/3_French.srt", _place(one), "fr")


def anime(made: Making) -> None:
    """Episodes counted through, with groups and checksums in brackets, and two versions of one."""
    title = made.title(plain=True)
    show = made.show(title)
    folder = f"Anime/{title}"
    for number in range(1, made.rng.randrange(9, 16)):
        path = f"{folder}/[Owls] {title} - {number:02} [1080p][{made.rng.getrandbits(32):08X}].mkv"
        one = _episode(made, show, path, None, number, absolute=number)
        if number == 3:
            made.version(one, f"{folder}/[Owls] {title} - {number:02} [720p].mkv")
            made.subtitle(f"{folder}/[Owls] {title} - {number:02} [720p].en.ass", one.versions[1], "en")
    _episode(made, show, f"{folder}/[Owls] {title} - 112 [1080p].mkv", None, 112, absolute=112)


def anime_seasons(made: Making) -> None:
    """The same with seasons in the names."""
    title = made.title(plain=True)
    show = made.show(title)
    for season in (1, 2):
        for number in range(1, made.rng.randrange(4, 9)):
            path = f"Anime/{title}/[Owls] {title} S{season} - {number:02} [720p].mkv"
            _episode(made, show, path, season, number)


def daily(made: Making) -> None:
    """What is sent every day has its date, and a season only where a folder says so."""
    title = made.title(plain=True)
    show = made.show(title)
    day = date(2017, 1, 2) + timedelta(days=made.rng.randrange(300))
    seasonal = made.rng.random() < 0.5
    for number in range(made.rng.randrange(5, 10)):
        at = day + timedelta(days=number)
        said = at.isoformat()
        if seasonal:
            path, season = f"TV/{title}/Season {at.year}/{title} - {said}.mp4", at.year
            _episode(made, show, path, season, None, date=said)
        else:
            guest = made.title(plain=True)
            path = (
                f"TV/{title}/{title.replace(' ', '.')}.{said.replace('-', '.')}.{guest.replace(' ', '.')}.mp4"
            )
            _episode(made, show, path, None, None, date=said, title=guest)


def seasons_of_years(made: Making) -> None:
    """Seasons that are years, with many episodes."""
    title = made.title()
    show = made.show(title)
    for number in range(1, made.rng.randrange(4, 9)):
        path = f"Shows/{title}/Season 2017/{title} S2017E{number * 40:03}.ts"
        _episode(made, show, path, 2017, number * 40)


def specials(made: Making) -> None:
    """Specials with numbers and without, in each of the folders for them."""
    title, year = made.title(), made.year()
    show = made.show(title, year)
    folder = f"Shows/{title} ({year})"
    _episode(made, show, f"{folder}/Season 1/S01E01.mkv", 1, 1)
    at = made.rng.choice(("Specials", "Season 0", "Season 00"))
    _episode(made, show, f"{folder}/{at}/{title} S00E02.mkv", 0, 2)
    _episode(made, show, f"{folder}/{at}/03 - The Pilot.mkv", 0, 3, title="The Pilot")
    said = made.title(plain=True)
    _episode(made, show, f"{folder}/{at}/{said}.mkv", 0, None, title=said)


def several_in_one(made: Making) -> None:
    """Several episodes in a file, in each of the ways in which that is written."""
    title = made.title(plain=True)
    show = made.show(title)
    for first, name in (
        (1, "S01E01-E02"), (3, "S01E03E04"), (5, "S01E05-06"), (7, "S01E07-S01E08"), (9, "1x09x10"),
        (11, "S01E11 & E12"),
    ):  # fmt: skip
        _episode(made, show, f"Shows/{title}/Season 1/{title} - {name}.mkv", 1, first, last=first + 1)
    _episode(made, show, f"Shows/{title}/Season 1/{title} - S01E13E14E15.mkv", 1, 13, last=15)
    # Two numbers behind each other that are no range.
    _episode(
        made,
        show,
        f"Shows/{title}/Season 1/{title} - S01E16 - 6-10 to Ostrava.mkv",
        1,
        16,
        title="6-10 to Ostrava",
    )
    _episode(made, show, f"Shows/{title}/Season 1/{title} - S01E17 1080p.mkv", 1, 17)


def on_two_disks(made: Making) -> None:
    """A show whose seasons are on two disks, and one of them on both."""
    title, year = made.title(), made.year()
    show = made.show(title, year)
    for number in range(1, made.rng.randrange(4, 8)):
        for season in (1, 2):
            path = f"Season {season}/{title} ({year}) S{season:02}E{number:02}"
            one = _episode(made, show, f"Shows/{title} ({year})/{path}.mkv", season, number)
            if season == 2:
                made.version(one, f"TV 4K/{title} ({year})/{path} 2160p.mkv", root=1)
        path = f"TV 4K/{title} ({year})/Season 3/{title} ({year}) S03E{number:02}.mkv"
        _episode(made, show, path, 3, number, root=1)


def words(made: Making) -> None:
    """Numbers written out."""
    title = made.title(plain=True)
    show = made.show(title)
    for number in range(1, made.rng.randrange(4, 8)):
        path = f"TV/{title}/Season 1/{title} Season 1 Episode {number}.mkv"
        _episode(made, show, path, 1, number)
        path = f"TV/{title}/Season 2/Episode {number:02}.mkv"
        _episode(made, show, path, 2, number)


LAYOUTS: tuple[Layout, ...] = (
    jellyfin, plex, kodi, in_other_languages, scene, scene_folders, scene_pack, anime, anime_seasons, daily,
    seasons_of_years, specials, several_in_one, on_two_disks, words,
)  # fmt: skip
