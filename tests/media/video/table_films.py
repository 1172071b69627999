"""Names of films by the rule that they show: what is understood, and what is not a case of the rule."""

from __future__ import annotations

from tests.media.video.name_words import Cases, episode, film

YEARS: Cases = {
    "Alien (1979).mkv": film("Alien", 1979),
    "Heat [1995].avi": film("Heat", 1995),
    "Brazil {1985}.mp4": film("Brazil", 1985),
    "Metropolis.1927.mkv": film("Metropolis", 1927),
    "Some_Like_It_Hot_1959.mkv": film("Some Like It Hot", 1959),
    "Persona 1966.mkv": film("Persona", 1966),
    "Ran(1985).mkv": film("Ran", 1985),
    "Vertigo - 1958.mkv": film("Vertigo", 1958),
    "Le Voyage dans la Lune (1902).mkv": film("Le Voyage dans la Lune", 1902),
    "Roundhay Garden Scene (1888).mkv": film("Roundhay Garden Scene", 1888),
    "Movies/M/M (1931)/M (1931).mkv": film("M", 1931),
    "Tenet (2020) some words behind it.mkv": film("Tenet", 2020),
    "Solaris (1972) remade 2002.mkv": film("Solaris", 1972),
    "Dune - 1984 - 720p.mkv": film("Dune", 1984, resolution="720p"),
    "Stalker ( 1979 ).mkv": film("Stalker", 1979),
    "Nosferatu-1922.ogv": film("Nosferatu", 1922),
}
NOT_YEARS: Cases = {
    "Sunset Boulevard.mkv": film("Sunset Boulevard"),
    "Logan's Run 2274.mkv": episode("Logan's Run", None, 2274, absolute=2274),
    "Idiocracy (2505).mkv": film("Idiocracy (2505)"),
    "Up (1785).mkv": film("Up (1785)"),
    "Class of 1984.mkv": film("Class of 1984"),
    "Party Like Its 19999.mkv": film("Party Like Its 19999"),
    "The Best Trilogy (1999-2003).mkv": film("The Best Trilogy"),
    "Clip 1920x1080.mkv": film("Clip", resolution="1080p"),
    "Reel_20131209.mp4": film("Reel 20131209"),
    "x1999y.mkv": film("x1999y"),
}
YEAR_TITLES: Cases = {
    "300 (2006).mkv": film("300", 2006),
    "1923 (2022).mkv": film("1923", 2022),
    "1917 (2019)/1917 (2019).mkv": film("1917", 2019),
    "2001 A Space Odyssey (1968).mkv": film("2001 A Space Odyssey", 1968),
    "2012.2009.720p.mkv": film("2012", 2009, resolution="720p"),
    "Blade Runner 2049 (2017).mkv": film("Blade Runner 2049", 2017),
    "Wonder.Woman.1984.2020.mkv": film("Wonder Woman 1984", 2020),
    "Summer of '42 (1971).mkv": film("Summer of '42", 1971),
    "[rec] (2007).mkv": film("[rec]", 2007),
    "[REC] 2 (2009).mkv": film("[REC] 2", 2009),
    "[REC]³ Genesis (2012).mkv": film("[REC]³ Genesis", 2012),
    "(500) Days of Summer (2009).mkv": film("(500) Days of Summer", 2009),
    "8½ (1963).mkv": film("8½", 1963),
    "1984 (1984).mkv": film("1984", 1984),
    "Moon 44 1990.mkv": film("Moon 44", 1990),
}
NOT_YEAR_TITLES: Cases = {
    "2001.mkv": film("2001"),
    "1941.avi": film("1941"),
    "[rec].mkv": film("[rec]"),
    "2046 - A Film.mkv": film("2046 - A Film"),
    "2010 The Year We Make Contact.mkv": film("2010 The Year We Make Contact"),
    "300.mkv": film("300"),
    "Space 1999.mkv": film("Space 1999"),
}
FILM_DATES: Cases = {
    "My Movie 2013-12-09.mkv": film("My Movie 2013-12-09"),
    "My Movie 2013-12-09 (2014).mkv": film("My Movie 2013-12-09", 2014),
    "Tom's birthday 2011-02-03/Tom's birthday 2011-02-03.mp4": film("Tom's birthday 2011-02-03"),
    "Christmas 2009 12 24.mov": film("Christmas 2009 12 24"),
    "At the sea 2013-12-09 2014.mkv": film("At the sea 2013-12-09", 2014),
    "03.04.2018 Garden.mkv": film("03.04.2018 Garden"),
}
NOT_FILM_DATES: Cases = {
    "Our Garden 2013-13-40.mkv": film("Our Garden", 2013),
    "Our House 2013-12.mkv": film("Our House", 2013),
    "Our Street - 2013-12-09.mkv": episode("Our Street", None, None, air_date="2013-12-09"),
    "VID_20180324_123456.mp4": film("VID 20180324 123456"),
}
IDS: Cases = {
    "Alien (1979) [imdbid-tt0078748].mkv": film("Alien", 1979, provider_ids={"imdb": "tt0078748"}),
    "Heat (1995) [tmdbid-949].mkv": film("Heat", 1995, provider_ids={"tmdb": "949"}),
    "Heat (1995) [tmdbid=949]/Heat (1995).mkv": film("Heat", 1995, provider_ids={"tmdb": "949"}),
    "Ran (1985) [tvdbid-1234].mkv": film("Ran", 1985, provider_ids={"tvdb": "1234"}),
    "Ran (1985) {imdb-tt0089881}.mkv": film("Ran", 1985, provider_ids={"imdb": "tt0089881"}),
    "Ran (1985) {tmdb-11645}.mkv": film("Ran", 1985, provider_ids={"tmdb": "11645"}),
    "Ran (1985) {tvdb-77}{imdb-tt0089881}.mkv": film(
        "Ran", 1985, provider_ids={"tvdb": "77", "imdb": "tt0089881"}
    ),
    "Brazil [imdb-tt0088846].mkv": film("Brazil", provider_ids={"imdb": "tt0088846"}),
    "Brazil {TMDB-68} (1985).mkv": film("Brazil", 1985, provider_ids={"tmdb": "68"}),
    "Brazil.1985.tt0088846.720p.mkv": film(
        "Brazil", 1985, provider_ids={"imdb": "tt0088846"}, resolution="720p"
    ),
    "Brazil (1985) (tt0088846).mkv": film("Brazil", 1985, provider_ids={"imdb": "tt0088846"}),
    "Solaris (1972) {tmdb-593}/der film.mkv": film("Solaris", 1972, provider_ids={"tmdb": "593"}),
    "Solaris [tmdbid-593] [imdbid-tt0069293]/Solaris.mkv": film(
        "Solaris", provider_ids={"tmdb": "593", "imdb": "tt0069293"}
    ),
    "Akira [anidbid-28] (1988).mkv": film("Akira", 1988, provider_ids={"anidb": "28"}),
    "Lost (2004) [tvdbid-73739]/Season 1/Lost S01E02.mkv": episode(
        "Lost", 1, 2, year=2004, provider_ids={"tvdb": "73739"}
    ),
}
NOT_IDS: Cases = {
    "Alien (1979) [tmdbid-].mkv": film("Alien", 1979),
    "Alien (1979) {imdb-78748}.mkv": film("Alien", 1979),
    "Alien (1979) [imdbid-tt12].mkv": film("Alien", 1979),
    "Alien (1979) {tmdb-abc}.mkv": film("Alien", 1979),
    "Alien (1979) {tvdb-0}.mkv": film("Alien", 1979),
    "Watt0078748s.mkv": film("Watt0078748s"),
    "Heat (1995) [tmdbid-949]/Ronin (1998).mkv": film("Ronin", 1998),
}
EDITIONS: Cases = {
    "Aliens (1986) {edition-Special Edition}.mkv": film("Aliens", 1986, edition="Special Edition"),
    "Aliens {edition-My Own Cut} (1986).mkv": film("Aliens", 1986, edition="My Own Cut"),
    "Brazil (1985) Director's Cut.mkv": film("Brazil", 1985, edition="Director's Cut"),
    "Brazil.1985.Directors.Cut.720p.mkv": film("Brazil", 1985, edition="Director's Cut", resolution="720p"),
    "Brazil Directors Cut (1985).mkv": film("Brazil", 1985, edition="Director's Cut"),
    "Kingdom.2005.EXTENDED.1080p.mkv": film("Kingdom", 2005, edition="Extended", resolution="1080p"),
    "Kingdom (2005) Extended Edition.mkv": film("Kingdom", 2005, edition="Extended Edition"),
    "Saw (2004) [Unrated].mkv": film("Saw", 2004, edition="Unrated"),
    "Saw.2004.UNCUT.DVDRip.mkv": film("Saw", 2004, edition="Uncut", source="DVDRip"),
    "Tron (1982) - Remastered.mkv": film("Tron", 1982, edition="Remastered"),
    "Tron (1982) IMAX.mkv": film("Tron", 1982, edition="IMAX"),
    "Tron 1982 The Final Cut.mkv": film("Tron", 1982, edition="Final Cut"),
    "Tron (1982) 25th Anniversary Edition.mkv": film("Tron", 1982, edition="25th Anniversary Edition"),
    "Apocalypse.1979.Redux.mkv": film("Apocalypse", 1979, edition="Redux"),
    "Tron Theatrical Cut.mkv": film("Tron", edition="Theatrical Cut"),
}
NOT_EDITIONS: Cases = {
    "The Final Cut (2004).mkv": film("The Final Cut", 2004),
    "Uncut Gems (2019).mkv": film("Uncut Gems", 2019),
    "Extended Family (2013).mkv": film("Extended Family", 2013),
    "Unrated.mkv": film("Unrated"),
    "Special Edition.mkv": film("Special Edition"),
    "The Limited (2007).mkv": film("The Limited", 2007),
    "Director's Cut (2016).mkv": film("Director's Cut", 2016),
}
VERSIONS: Cases = {
    "Ran (1985)/Ran (1985) - 1080p.mkv": film("Ran", 1985, version="1080p", resolution="1080p"),
    "Ran (1985)/Ran (1985) - 4K.mkv": film("Ran", 1985, version="4K", resolution="2160p"),
    "Ran (1985)/Ran (1985) - Director's Cut.mkv": film(
        "Ran", 1985, version="Director's Cut", edition="Director's Cut"
    ),
    "Ran (1985)/Ran (1985) - From the cinema.mkv": film("Ran", 1985, version="From the cinema"),
    "Ran (1985)/Ran (1985) [720p].mkv": film("Ran", 1985, version="720p", resolution="720p"),
    "Ran (1985)/ran (1985) - remux.mkv": film("Ran", 1985, version="remux"),
    "Ran/Ran - 2160p.mkv": film("Ran", version="2160p", resolution="2160p"),
    "Ran (1985) [tmdbid-11645]/Ran (1985) - Old.mkv": film(
        "Ran", 1985, version="Old", provider_ids={"tmdb": "11645"}
    ),
    "Ran (1985) [tmdbid-11645]/Ran (1985) [tmdbid-11645] - 480p.mkv": film(
        "Ran", 1985, version="480p", resolution="480p", provider_ids={"tmdb": "11645"}
    ),
    "Ran (1985) {tmdb-1}/Ran (1985) {tmdb-1} {edition-Long}.mkv": film(
        "Ran", 1985, edition="Long", provider_ids={"tmdb": "1"}
    ),
}
NOT_VERSIONS: Cases = {
    "Ran (1985) - 1080p.mkv": film("Ran", 1985, resolution="1080p"),
    "Star Tracks/Star Tracks - A Newer Hope.mkv": film("Star Tracks - A Newer Hope"),
    "Ran (1985)/Kagemusha (1980) - 1080p.mkv": film("Kagemusha", 1980, resolution="1080p"),
    "Ran (1985)/Ran (1985)-other.mkv": {"type": "extra", "extra": "other", "title": "Ran", "year": 1985},
    "Ran (1985)/Ranch (1985).mkv": film("Ranch", 1985),
    "Ran (1985)/Ran (2010) - 720p.mkv": film("Ran", 2010, resolution="720p"),
    "Ran (1985)/Ran (1985) - cd2.mkv": film("Ran", 1985, part=2),
}
STACKS: Cases = {
    "Gandhi (1982) cd1.avi": film("Gandhi", 1982, part=1),
    "Gandhi (1982)-cd2.avi": film("Gandhi", 1982, part=2),
    "Gandhi.1982.CD2.DVDRip.avi": film("Gandhi", 1982, part=2, source="DVDRip"),
    "Gandhi - dvd 2.avi": film("Gandhi", part=2),
    "Gandhi (1982) part1.mkv": film("Gandhi", 1982, part=1),
    "Gandhi (1982) - Part 3.mkv": film("Gandhi", 1982, part=3),
    "Gandhi.1982.pt2.mkv": film("Gandhi", 1982, part=2),
    "Gandhi_disc_2.mkv": film("Gandhi", part=2),
    "Gandhi (1982) [disk 1].mkv": film("Gandhi", 1982, part=1),
    "Gandhi (1982) part a.mkv": film("Gandhi", 1982, part=1),
    "Gandhi cd b.avi": film("Gandhi", part=2),
    "Gandhi (1982)c.avi": film("Gandhi", 1982, part=3),
    "Gandhi-part2.avi": film("Gandhi", part=2),
    "Gandhi part 2.avi": film("Gandhi", part=2),
    "Gandhi (1982)/cd2.avi": film("Gandhi", 1982, part=2),
    "Gandhi (1982)/CD1/gandhi.avi": film("Gandhi", 1982, part=1),
    "300 (2006) part1.mkv": film("300", 2006, part=1),
}
NOT_STACKS: Cases = {
    "Movie 1.mkv": film("Movie 1"),
    "Movie 2.mkv": film("Movie 2"),
    "300 (2007).mkv": film("300", 2007),
    "Kill Bill Part 2.mkv": film("Kill Bill Part 2"),
    "Dune Part 1 (2021).mkv": film("Dune Part 1", 2021),
    "The Departed d.mkv": film("The Departed d"),
    "Plan B (2001).mkv": film("Plan B", 2001),
    "Gandhi.1982.DVD9.mkv": film("Gandhi", 1982, source="DVD"),
    "Partition 1.mkv": film("Partition 1"),
    "The Disc (1990).mkv": film("The Disc", 1990),
    "Department 13.mkv": film("Department 13"),
}
THREE_D: Cases = {
    "Avatar (2009) 3D.mkv": film("Avatar", 2009, three_d="3D"),
    "Avatar.2009.3D.HSBS.1080p.mkv": film("Avatar", 2009, three_d="3D HSBS", resolution="1080p"),
    "Avatar (2009) H-SBS.mkv": film("Avatar", 2009, three_d="3D HSBS"),
    "Avatar (2009) 3D Half-OU.mkv": film("Avatar", 2009, three_d="3D HOU"),
    "Avatar.2009.3D.MVC.mkv": film("Avatar", 2009, three_d="3D MVC"),
    "Avatar (2009) [3D SBS].mkv": film("Avatar", 2009, three_d="3D SBS"),
    "Avatar.3d.hsbs.mkv": film("Avatar", three_d="3D HSBS"),
    "Avatar-3d.mkv": film("Avatar", three_d="3D"),
    "Avatar (2009)/Avatar (2009) - 3D.mkv": film("Avatar", 2009, version="3D", three_d="3D"),
}
NOT_THREE_D: Cases = {
    "Step Up 3D (2010).mkv": film("Step Up 3D", 2010),
    "Jackass 3D.mkv": film("Jackass 3D"),
    "SBS (2010).mkv": film("SBS", 2010),
    "C3D2 (2010).mkv": film("C3D2", 2010),
}
RELEASES: Cases = {
    "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv": film(
        "The Matrix", 1999, resolution="1080p", source="BluRay", release_group="GRP"
    ),
    "Matrix.1999.2160p.UHD.BluRay.REMUX.HDR.HEVC.Atmos-GRP.mkv": film(
        "Matrix", 1999, resolution="2160p", source="UHD BluRay Remux", release_group="GRP"
    ),
    "Matrix.1999.720p.WEB-DL.DD5.1.H.264-AB.mkv": film(
        "Matrix", 1999, resolution="720p", source="WEB-DL", release_group="AB"
    ),
    "Matrix.1999.WEBRip.XviD.avi": film("Matrix", 1999, source="WEBRip"),
    "Matrix (1999) [1080p] [BluRay] [5.1] [YTS.MX].mp4": film(
        "Matrix", 1999, resolution="1080p", source="BluRay", release_group="YTS.MX"
    ),
    "Matrix (1080p).mkv": film("Matrix", resolution="1080p"),
    "Matrix 480p 1999.mkv": film("Matrix", 1999, resolution="480p"),
    "Matrix.720i.HDTV.mkv": film("Matrix", resolution="720i", source="HDTV"),
    "Matrix.4k.mkv": film("Matrix", resolution="2160p"),
    "Matrix 1280x720 x264.mkv": film("Matrix", resolution="720p"),
    "Matrix.DVDRip.XviD-Abc.avi": film("Matrix", source="DVDRip", release_group="Abc"),
    "Matrix.1999.German.DL.1080p.BluRay.avi": film("Matrix", 1999, resolution="1080p", source="BluRay"),
    "Matrix [HD].mkv": film("Matrix"),
    "Matrix.PROPER.REPACK.BDRip.mkv": film("Matrix", source="BDRip"),
    "Matrix.1999.HDCAM.mkv": film("Matrix", 1999, source="CAM"),
    "Matrix.1999.TS.XviD.avi": film("Matrix", 1999, source="TS"),
    "[Abc] Matrix (1999) [BD 1080p][0123ABCD].mkv": film(
        "Matrix", 1999, resolution="1080p", source="BluRay", release_group="Abc"
    ),
    "[ www.place.org ] - Matrix.1999.720p.mkv": film("Matrix", 1999, resolution="720p"),
    "www.place.org - Matrix (1999).mkv": film("Matrix", 1999),
    "Matrix - x265 10bit - 1080p.mkv": film("Matrix", resolution="1080p"),
    "3.Days.To.Go.2014.HDRip.mkv": film("3 Days To Go", 2014, source="HDRip"),
}
NOT_RELEASES: Cases = {
    "Web (2013).mkv": film("Web", 2013),
    "Cam (2018).mkv": film("Cam", 2018),
    "Mr. Holland's Opus.mkv": film("Mr. Holland's Opus"),
    "The Proper Way.mkv": film("The Proper Way"),
    "The Real Deal (2010).mkv": film("The Real Deal", 2010),
    "Internal Affairs.mkv": film("Internal Affairs"),
    "1080 Days.mkv": film("1080 Days"),
    "Spider-Man (2002).mkv": film("Spider-Man", 2002),
    "U-571.mkv": film("U-571"),
    "Wall-E.mkv": film("Wall-E"),
    "The Good German (2006).mkv": film("The Good German", 2006),
    "Screener.mkv": film("Screener"),
}
JOINED: Cases = {
    "The.Third.Man.mkv": film("The Third Man"),
    "The_Third_Man.mkv": film("The Third Man"),
    "S.W.A.T.2003.mkv": film("S.W.A.T.", 2003),
    "R.I.P.D.2013.720p.mkv": film("R.I.P.D.", 2013, resolution="720p"),
    "Spider.Man.2.0.2004.mkv": film("Spider Man 2.0", 2004),
    "Lock,.Stock.1998.mkv": film("Lock, Stock", 1998),
    "Film.Name (2010).mkv": film("Film Name", 2010),
    "Evangelion.3.33.2012.mkv": film("Evangelion 3.33", 2012),
}
NOT_JOINED: Cases = {
    "Dr. No (1962).mkv": film("Dr. No", 1962),
    "M.A.S.H (1970).mkv": film("M.A.S.H", 1970),
    "Vol. 2 - The.Return.mkv": film("Vol. 2 - The.Return"),
    "E.T. (1982).mkv": film("E.T.", 1982),
}
FILM_FOLDERS: Cases = {
    "Ronin (1998)/movie.mkv": film("Ronin", 1998),
    "Ronin (1998)/00001.m2ts": film("Ronin", 1998),
    "Ronin (1998)/1080p.mkv": film("Ronin", 1998, resolution="1080p"),
    "Ronin (1998)/Ronin.mkv": film("Ronin", 1998),
    "Ronin (1998)/Ronin.1998.720p.BluRay.mkv": film("Ronin", 1998, resolution="720p", source="BluRay"),
    "Ronin.1998.1080p.BluRay.x264-GRP/grp-ronin.1080p.mkv": film(
        "Ronin", 1998, resolution="1080p", source="BluRay", release_group="GRP"
    ),
    "Ronin (1998)/0123456789abcdef0123456789abcdef.mkv": film("Ronin", 1998),
    "Films/Ronin/ronin.1998.mkv": film("ronin", 1998),
    "Ronin/main.mkv": film("Ronin"),
    "Movies/R/Ronin (1998)/feature.mkv": film("Ronin", 1998),
}
NOT_FILM_FOLDERS: Cases = {
    "Movies/Ronin.mkv": film("Ronin"),
    "Movies/movie.mkv": film("movie"),
    "Ronin (1998)/The Making.mkv": film("The Making"),
    "Heist Films (1990)/Ronin (1998).mkv": film("Ronin", 1998),
    "1998/Ronin.mkv": film("Ronin"),
    "All of them/Movie 43 (2013).mkv": film("Movie 43", 2013),
}

RULES = {
    "years": (YEARS, NOT_YEARS),
    "years as titles": (YEAR_TITLES, NOT_YEAR_TITLES),
    "dates in films": (FILM_DATES, NOT_FILM_DATES),
    "provider ids": (IDS, NOT_IDS),
    "editions": (EDITIONS, NOT_EDITIONS),
    "versions": (VERSIONS, NOT_VERSIONS),
    "stacks": (STACKS, NOT_STACKS),
    "3D": (THREE_D, NOT_THREE_D),
    "words of releases": (RELEASES, NOT_RELEASES),
    "joined words": (JOINED, NOT_JOINED),
    "folders of films": (FILM_FOLDERS, NOT_FILM_FOLDERS),
}
