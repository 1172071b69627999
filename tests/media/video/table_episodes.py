"""Names of episodes by the rule that they show: what is understood, and what is not a case of the rule."""

from __future__ import annotations

from tests.media.video.name_words import Cases, counted, episode, extra, film

SEASON_EPISODE: Cases = {
    "Lost S01E02.mkv": episode("Lost", 1, 2),
    "Lost - s1e2.mkv": episode("Lost", 1, 2),
    "Lost.s01.e02.avi": episode("Lost", 1, 2),
    "Lost_S01_E02.avi": episode("Lost", 1, 2),
    "Lost S01 - E02.avi": episode("Lost", 1, 2),
    "Lost S01xE02.avi": episode("Lost", 1, 2),
    "Lost S01x02.avi": episode("Lost", 1, 2),
    "Lost S01EP02.avi": episode("Lost", 1, 2),
    "Lost [S01E02].mkv": episode("Lost", 1, 2),
    "[s01]_[e02].mkv": episode(None, 1, 2),
    "Lost (S01E02).mkv": episode("Lost", 1, 2),
    "lost-s01e02_18536.mp4": episode("lost", 1, 2, "18536"),
    "Lost S01E1002.mkv": episode("Lost", 1, 1002),
    "Lost S101E002.mkv": episode("Lost", 101, 2),
    "S01E02.mkv": episode(None, 1, 2),
    "S01E02 - Lost (720p).mkv": episode(None, 1, 2, "Lost", resolution="720p"),
    "Lost S01E00.mkv": episode("Lost", 1, 0),
    "Lost S01E02v2.mkv": episode("Lost", 1, 2),
    "LA X, Pt. 1_s06e32.mp4": episode("LA X, Pt. 1", 6, 32),
    "Lost 720p S01E02.mkv": episode("Lost", 1, 2, resolution="720p"),
    "迷失S01E02.mkv": episode("迷失", 1, 2),
}
NOT_SEASON_EPISODE: Cases = {
    "Les1e2.mkv": film("Les1e2"),
    "Lost S1234E02.mkv": film("Lost S1234E02"),
    "Ocelots1e2x.mkv": film("Ocelots1e2x"),
    "S1m0ne (2002).mkv": film("S1m0ne", 2002),
    "Se7en.mkv": film("Se7en"),
    "Galaxy S20 Review.mp4": film("Galaxy S20 Review"),
}
TIMES: Cases = {
    "Dallas 1x02.avi": episode("Dallas", 1, 2),
    "Dallas.12x102.avi": episode("Dallas", 12, 102),
    "Dallas - 4x12 - Title.mp4": episode("Dallas", 4, 12, "Title"),
    "4x12 - Title.mp4": episode(None, 4, 12, "Title"),
    "Dallas [1x02].mkv": episode("Dallas", 1, 2),
    "Dallas_[1x02]_Title.mkv": episode("Dallas", 1, 2, "Title"),
    "Dallas 1X02.mkv": episode("Dallas", 1, 2),
    "Dallas 1×02.mkv": episode("Dallas", 1, 2),
    "Dallas - 2x8 - Title.mkv": episode("Dallas", 2, 8, "Title"),
    "Dallas/Season 2/2x8.mkv": episode("Dallas", 2, 8),
    "Dallas 2016x14.mkv": episode("Dallas", 2016, 14),
    "Dallas (2012)/Dallas 1x03 [WEBDL-720p] - Title.mkv": episode(
        "Dallas", 1, 3, "Title", year=2012, resolution="720p", source="WEB-DL"
    ),
    "Dallas.1x02.720p.x264.mkv": episode("Dallas", 1, 2, resolution="720p"),
}
NOT_TIMES: Cases = {
    "10x10 (2018).mkv": film("10x10", 2018),
    "Clip 640x480.avi": film("Clip", resolution="480p"),
    "Clip AC3 5.1x264.mkv": film("Clip"),
    "3x3 Eyes.mkv": film("3x3 Eyes"),
    "Picture 4x3.mkv": film("Picture 4x3"),
    "A 1920x800 Clip.mkv": film("A"),
    "Model 1998x816.mkv": film("Model"),
    "Matrix 0x10c.mkv": episode("Matrix", 0, 10),
}
SEVERAL: Cases = {
    "Heroes S01E01-E02.mkv": episode("Heroes", 1, 1, episode_end=2),
    "Heroes S01E01E02.mkv": episode("Heroes", 1, 1, episode_end=2),
    "Heroes S01E01E02E03.mkv": episode("Heroes", 1, 1, episode_end=3),
    "Heroes.S01E01.E02.mkv": episode("Heroes", 1, 1, episode_end=2),
    "Heroes S01E03-05.mkv": episode("Heroes", 1, 3, episode_end=5),
    "Heroes S01E01 & E02.mkv": episode("Heroes", 1, 1, episode_end=2),
    "Heroes S01E01-S01E03.mkv": episode("Heroes", 1, 1, episode_end=3),
    "Heroes S01E23-E24-E26 - Title.mkv": episode("Heroes", 1, 23, "Title", episode_end=26),
    "Heroes E03-05.mkv": episode("Heroes", None, 3, episode_end=5),
    "Heroes.2x03x04.avi": episode("Heroes", 2, 3, episode_end=4),
    "Heroes 2x03x04x15.avi": episode("Heroes", 2, 3, episode_end=15),
    "Heroes - 02x03-04-15 - Title.avi": episode("Heroes", 2, 3, "Title", episode_end=15),
    "Heroes - 02x03 - 02x04 - Title.avi": episode("Heroes", 2, 3, "Title", episode_end=4),
    "Heroes - 02x03 - x04 - x05 - Title.avi": episode("Heroes", 2, 3, "Title", episode_end=5),
    "Heroes - 02x03-E05.avi": episode("Heroes", 2, 3, episode_end=5),
    "Heroes/Season 2/02-05 - Title.avi": episode("Heroes", 2, 2, "Title", episode_end=5),
    "Heroes/Season 2/Heroes 02-05.avi": episode("Heroes", 2, 2, episode_end=5),
    "Heroes S2 - 05-06.mkv": episode("Heroes", 2, 5, episode_end=6),
    "MOONLIGHTING_s01e01-e04.avi": episode("MOONLIGHTING", 1, 1, episode_end=4),
    "Heroes Season 1 Episode 3-4.mkv": episode("Heroes", 1, 3, episode_end=4),
}
NOT_SEVERAL: Cases = {
    "Heroes S01E05-1080p.mkv": episode("Heroes", 1, 5, resolution="1080p"),
    "Heroes S01E05 1080p.mkv": episode("Heroes", 1, 5, resolution="1080p"),
    "Seinfeld 4x12 - 6-10 to Lubbock.mkv": episode("Seinfeld", 4, 12, "6-10 to Lubbock"),
    "Seinfeld/Season 4/6-10 to Lubbock.mkv": episode("Seinfeld", 4, None, "6-10 to Lubbock"),
    "Voyager 5x23 - 11-59.mkv": episode("Voyager", 5, 23, "11-59"),
    "Voyager - 11-59.mkv": film("Voyager - 11-59"),
    "Heroes S01E05 x264.mkv": episode("Heroes", 1, 5),
    "Heroes.S01E05.x265.mkv": episode("Heroes", 1, 5),
    "Heroes S01E02 5.1.mkv": episode("Heroes", 1, 2),
    "Heroes.S01E02.AAC5.1.mkv": episode("Heroes", 1, 2),
    "Heroes.S01E02.10bit.mkv": episode("Heroes", 1, 2),
    "Heroes S01E05-02.mkv": episode("Heroes", 1, 5, "02"),
    "Heroes S01E02-2010.mkv": episode("Heroes", 1, 2),
    "Heroes S01E02 - 03 o'clock.mkv": episode("Heroes", 1, 2, "03 o'clock"),
    "Heroes S01E04-S02E05.mkv": episode("Heroes", 1, 4),
}
WORDS: Cases = {
    "Season 3 Episode 9.avi": episode(None, 3, 9),
    "Tatort Season 3 Episode 9 - Title.avi": episode("Tatort", 3, 9, "Title"),
    "Tatort.Staffel.1.Folge.5.mkv": episode("Tatort", 1, 5),
    "Tatort Saison 1 Épisode 5.mkv": episode("Tatort", 1, 5),
    "Tatort Temporada 1 Capítulo 5.mkv": episode("Tatort", 1, 5),
    "Tatort 1. évad 5. rész.mkv": episode("Tatort", 1, 5),
    "Tatort 1 сезон 5 серия.mkv": episode("Tatort", 1, 5),
    "Tatort [Cap.105].avi": episode("Tatort", 1, 5),
    "Tatort Ep 5.mkv": episode("Tatort", None, 5),
    "Tatort.Ep05.mkv": episode("Tatort", None, 5),
    "Tatort - Episode 5 - Title.mkv": episode("Tatort", None, 5, "Title"),
    "Folge 5 - Title.mkv": episode(None, None, 5, "Title"),
    "Yamato.2199.E03.avi": episode("Yamato 2199", None, 3),
    "Tatort/Season 2/Episode 16.avi": episode("Tatort", 2, 16),
    "Tatort/Season 2/Episode - 16.avi": episode("Tatort", 2, 16),
    "Tatort/S02/E7.mkv": episode("Tatort", 2, 7),
    "Tatort Episode 05.mkv": episode("Tatort", None, 5),
}
NOT_WORDS: Cases = {
    "Star Wars Episode 4 - A New Hope (1977).mkv": film("Star Wars Episode 4 - A New Hope", 1977),
    "Star Wars - Episode IV.mkv": film("Star Wars - Episode IV"),
    "Star.Wars.Episode.1.1999.mkv": film("Star Wars Episode 1", 1999),
    "Gone in E3.mkv": film("Gone in E3"),
    "Epic 5 Tales.mkv": film("Epic 5 Tales"),
    "Open Season 2.mkv": film("Open Season 2"),
    "The Cap 10.mkv": film("The Cap 10"),
}
IN_SEASON: Cases = {
    "Fargo/Season 1/02 - Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/02.mkv": episode("Fargo", 1, 2),
    "Fargo/Season 1/2. Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/2 - Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/02 Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/02.Title.720p.mkv": episode("Fargo", 1, 2, "Title", resolution="720p"),
    "Fargo/Season 1/Fargo - 02 - Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/Fargo 02 Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/Fargo 12.mkv": episode("Fargo", 1, 12),
    "Fargo/Season 1/102 - Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/Fargo.102.avi": episode("Fargo", 1, 2),
    "Fargo/Season 1/title-02.mkv": episode("Fargo", 1, 2),
    "Fargo/Season 1/#02 Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/[02] Title.mkv": episode("Fargo", 1, 2, "Title"),
    "Fargo/Season 1/Fargo (02).mkv": episode("Fargo", 1, 2),
    "Fargo/Season 1/Title.02.mkv": episode("Fargo", 1, 2),
    "24/Season 3/24 - 05.mkv": episode("24", 3, 5),
    "Season 1/02 - Title.mkv": episode(None, 1, 2, "Title"),
    "Fargo/Season 1/1x02.mkv": episode("Fargo", 1, 2),
    "Fargo/Season 1/Title.mkv": episode("Fargo", 1, None, "Title"),
    "TV/Fargo (2014)/Season 1/02.mkv": episode("Fargo", 1, 2, year=2014),
    "Fargo/Season 1/Fargo S01E02/Fargo S01E02.mkv": episode("Fargo", 1, 2),
    "Fargo/Season 1/S02E03.mkv": episode("Fargo", 2, 3),
}
NOT_IN_SEASON: Cases = {
    "12 Monkeys.mkv": film("12 Monkeys"),
    "Movies/MCU/01 - Iron Man.mkv": film("01 - Iron Man"),
    "Fargo/02 - Title.mkv": film("02 - Title"),
    "21 Grams/21 Grams.mkv": film("21 Grams"),
    "Open Season 2 (2008)/Open Season 2 (2008).mkv": film("Open Season 2", 2008),
    "Fargo/Season 1/1 Man Army.mkv": episode("Fargo", 1, None, "1 Man Army"),
    "Fargo/Season 1/Fargo 1999.mkv": episode("Fargo", 1, None, "Fargo 1999"),
    "Season of the Witch/Witch.mkv": film("Witch"),
}
LANGUAGES: Cases = {
    "Dark/Staffel 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Saison 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Stagione 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Temporada 1/03.mkv": episode("Dark", 1, 3),
    "Dark/SEZÓNA 1/03.mkv": episode("Dark", 1, 3),
    "Dark/сезон 1/03.mkv": episode("Dark", 1, 3),
    "Dark/1 сезон/03.mkv": episode("Dark", 1, 3),
    "Dark/3.Staffel/03.mkv": episode("Dark", 3, 3),
    "Dark/Säsong 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Sæson 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Sesong 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Seizoen 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Kausi 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Sezon 1/03.mkv": episode("Dark", 1, 3),
    "Dark/1. évad/03.mkv": episode("Dark", 1, 3),
    "Dark/1ª Temporada/03.mkv": episode("Dark", 1, 3),
    "Dark/第1季/03.mkv": episode("Dark", 1, 3),
    "Dark/第二季/03.mkv": episode("Dark", 2, 3),
    "Dark/シーズン1/03.mkv": episode("Dark", 1, 3),
    "Dark/시즌 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Series 1/03.mkv": episode("Dark", 1, 3),
    "Dark/Season One/03.mkv": episode("Dark", 1, 3),
    "Dark/2nd Season/03.mkv": episode("Dark", 2, 3),
    "Dark/S1/03.mkv": episode("Dark", 1, 3),
    "Dark/season_01/03.mkv": episode("Dark", 1, 3),
    "Dark/Season 1 (2017)/03.mkv": episode("Dark", 1, 3),
    "Dark/Season 1 - The Cave/03.mkv": episode("Dark", 1, 3),
    "Dark/Σεζόν 1/03.mkv": episode("Dark", 1, 3),
}
NOT_LANGUAGES: Cases = {
    "Series/Dark (2012).mkv": film("Dark", 2012),
    "Dark/Seasonal/03.mkv": film("03"),
    "Dark/Staffellauf 1/run.mkv": film("run"),
    "Dark/Season/run.mkv": film("run"),
    "Dark/2017/run.mkv": film("run"),
    "Dark/Season 3000/run.mkv": film("run"),
    "Serial 1/run.mkv": film("run"),
    "Temporal 2/run.mkv": film("run"),
}
ABSOLUTE: Cases = {
    "One Piece 1001.mkv": counted("One Piece", 1001),
    "One.Piece.1001.1080p.WEB.x264-GRP.mkv": counted(
        "One Piece", 1001, resolution="1080p", source="WEB", release_group="GRP"
    ),
    "Naruto - 005 - Title.mkv": counted("Naruto", 5, title="Title"),
    "Naruto - 05.mkv": counted("Naruto", 5),
    "Naruto - 12.mkv": counted("Naruto", 12),
    "Naruto 05.mkv": counted("Naruto", 5),
    "Naruto 889.mkv": counted("Naruto", 889),
    "Naruto_-_05.mkv": counted("Naruto", 5),
    "Naruto - 01-12.mkv": counted("Naruto", 1, 12),
    "Case Closed (1996-2007)/Case Closed - 317.mkv": counted("Case Closed", 317, year=1996),
    "Anime/Naruto/Naruto 5.mkv": counted("Naruto", 5),
    "Anime/Naruto/0005.mkv": counted("Naruto", 5),
    "TV Shows/Naruto/01 - Title.mkv": counted("Naruto", 1, title="Title"),
    "Naruto - 720.mkv": counted("Naruto", 720),
    "Naruto/Season 3/Naruto - 136.mkv": episode("Naruto", 3, 136, absolute=136),
}
NOT_ABSOLUTE: Cases = {
    "District 9.mkv": film("District 9"),
    "Apollo 13/Apollo 13.mkv": film("Apollo 13"),
    "Room 1408.mkv": film("Room 1408"),
    "The 100.mkv": film("The 100"),
    "Ocean's 11.mkv": film("Ocean's 11"),
    "THX 1138 (1971).mkv": film("THX 1138", 1971),
    "Movies/One Piece 1001.mkv": film("One Piece 1001"),
    "Toy Story/Toy Story 2.mkv": film("Toy Story 2"),
    "Fast - 10 (2023).mkv": film("Fast - 10", 2023),
    "Naruto - 1080.mkv": counted("Naruto", 1080),
    "Naruto 720.mkv": film("Naruto 720"),
    "Gantz - 12 Angry Men.mkv": film("Gantz - 12 Angry Men"),
}
ANIME: Cases = {
    "[Group] Bleach - 05 [720p].mkv": counted("Bleach", 5, resolution="720p", release_group="Group"),
    "[Group] Bleach - 05v2 [720p][ABCD1234].mkv": counted(
        "Bleach", 5, resolution="720p", release_group="Group"
    ),
    "[Group] Bleach - 05 (1080p) [ABCD1234].mkv": counted(
        "Bleach", 5, resolution="1080p", release_group="Group"
    ),
    "[Group]_Bleach_-_05_[720p].mkv": counted("Bleach", 5, resolution="720p", release_group="Group"),
    "[Group] Bleach 05 [720p].mkv": counted("Bleach", 5, resolution="720p", release_group="Group"),
    "[Group][Bleach][05][1080P][GB].mp4": counted("Bleach", 5, resolution="1080p", release_group="Group"),
    "【Group】【Bleach】【05】.mp4": counted("Bleach", 5, release_group="Group"),
    "[Group] Bleach - 154 [50AC421A].mkv": counted("Bleach", 154, release_group="Group"),
    "[Group] Bleach - 13-24 [Batch].mkv": counted("Bleach", 13, 24, release_group="Group"),
    "[Group] Bleach S2 - 05 [720p].mkv": episode("Bleach", 2, 5, resolution="720p", release_group="Group"),
    "[Group] Bleach 2nd Season - 05 [720p].mkv": episode(
        "Bleach", 2, 5, resolution="720p", release_group="Group"
    ),
    "[Group] Bleach - S01E05 - Title.mkv": episode("Bleach", 1, 5, "Title", release_group="Group"),
    "Bleach/Season 1/[Group] Bleach - 05 [720p].mkv": episode(
        "Bleach", 1, 5, resolution="720p", release_group="Group"
    ),
    "[Group] Bleach - 05 END [720p].mkv": counted("Bleach", 5, resolution="720p", release_group="Group"),
    "[Group] Bleach - 05 [1080p][E31E0309].mkv": counted(
        "Bleach", 5, resolution="1080p", release_group="Group"
    ),
    "[Gr-Up] Ranma ½ - 07.mkv": counted("Ranma ½", 7, release_group="Gr-Up"),
}
NOT_ANIME: Cases = {
    "[Group] Akira (1988) [1080p].mkv": film("Akira", 1988, resolution="1080p", release_group="Group"),
    "[Group] Evangelion 3.33 (2012) [1080p].mkv": film(
        "Evangelion 3.33", 2012, resolution="1080p", release_group="Group"
    ),
    "[REC] 4.mkv": film("[REC] 4"),
    "[Group] Bleach OVA 2 [720p].mkv": film("Bleach OVA 2", resolution="720p", release_group="Group"),
    "[Group] Summer 2 [1080p].mkv": film("Summer 2", resolution="1080p", release_group="Group"),
}
DAILY: Cases = {
    "Colbert.2017.04.20.mkv": episode("Colbert", None, None, air_date="2017-04-20"),
    "Colbert_2018_03_24.avi": episode("Colbert", None, None, air_date="2018-03-24"),
    "Colbert 2018_03_24.avi": episode("Colbert", None, None, air_date="2018-03-24"),
    "Colbert - 2018-03-24 - Guest.mkv": episode("Colbert", None, None, "Guest", air_date="2018-03-24"),
    "Colbert - (2015-01-15) - Guest - [720p].mkv": episode(
        "Colbert", None, None, "Guest", air_date="2015-01-15", resolution="720p"
    ),
    "Colbert.2018.03.24.Guest.1080p.WEB.x264-GRP.mkv": episode(
        "Colbert",
        None,
        None,
        "Guest",
        air_date="2018-03-24",
        resolution="1080p",
        source="WEB",
        release_group="GRP",
    ),
    "Colbert/Season 2018/Colbert 2018-03-24.mkv": episode("Colbert", 2018, None, air_date="2018-03-24"),
    "Colbert/2018-03-24.mkv": episode("Colbert", None, None, air_date="2018-03-24"),
    "Colbert/Colbert 2018-03-24.mkv": episode("Colbert", None, None, air_date="2018-03-24"),
    "Colbert 24.03.2018.mkv": episode("Colbert", None, None, air_date="2018-03-24"),
    "2018-03-24 - Guest.mkv": episode(None, None, None, "Guest", air_date="2018-03-24"),
    "Colbert S03E04 2018-03-24 Guest.mkv": episode("Colbert", 3, 4, "Guest", air_date="2018-03-24"),
    "Colbert - [3x04] - 2018.03.24 Guest.mkv": episode("Colbert", 3, 4, "Guest", air_date="2018-03-24"),
    "TV/Colbert/Colbert 2018-03-24.mkv": episode("Colbert", None, None, air_date="2018-03-24"),
}
NOT_DAILY: Cases = {
    "Beach 2018-03-24.mkv": film("Beach 2018-03-24"),
    "Colbert.2017.02.30.mkv": film("Colbert 2017.02.30"),
    "03.04.2018.mkv": film("03.04.2018"),
    "Colbert 2018.mkv": film("Colbert", 2018),
    "20180324.mp4": film("20180324"),
    "Colbert.1.2.3.mkv": film("Colbert 1.2.3"),
    "Colbert 2018-03.mkv": film("Colbert", 2018),
}
YEAR_SEASONS: Cases = {
    "Running Man S2017E368.mkv": episode("Running Man", 2017, 368),
    "Running.Man.s1999e01.mkv": episode("Running Man", 1999, 1),
    "Running Man/Season 2017/368.mkv": episode("Running Man", 2017, 368, absolute=368),
    "Running Man - 2017x36.mkv": episode("Running Man", 2017, 36),
    "Running Man/Season 2017/S2017E36 - Title.mkv": episode("Running Man", 2017, 36, "Title"),
    "Running Man/S2017/E36.mkv": episode("Running Man", 2017, 36),
    "S2017E01-E02.mkv": episode(None, 2017, 1, episode_end=2),
}
NOT_YEAR_SEASONS: Cases = {
    "Running Man S3017E36.mkv": film("Running Man S3017E36"),
    "Running Man S0817E36.mkv": film("Running Man S0817E36"),
    "Running Man (2017)/Running Man (2017).mkv": film("Running Man", 2017),
}
SPECIALS: Cases = {
    "Firefly/Specials/Title.mkv": episode("Firefly", 0, None, "Title"),
    "Firefly/Season 00/03 - Title.mkv": episode("Firefly", 0, 3, "Title"),
    "Firefly/Season 0/S00E03.mkv": episode("Firefly", 0, 3),
    "Firefly S00E03.mkv": episode("Firefly", 0, 3),
    "Firefly 0x03.mkv": episode("Firefly", 0, 3),
    "Firefly/S00/Firefly 03.mkv": episode("Firefly", 0, 3),
    "Firefly SP03.mkv": episode("Firefly", 0, 3),
    "Firefly/Specials/Title (2005).mkv": episode("Firefly", 0, None, "Title"),
    "Firefly/Specials/S01E03.mkv": episode("Firefly", 1, 3),
}
NOT_SPECIALS: Cases = {
    "Special (2006).mkv": film("Special", 2006),
    "A Specials Day/run.mkv": film("run"),
    "Whisper SPAM.mkv": film("Whisper SPAM"),
    "Special 26.mkv": film("Special 26"),
}
PACKS: Cases = {
    "Fringe.S01.1080p.BluRay.x264-GRP/Fringe.S01E02.mkv": episode("Fringe", 1, 2),
    "Fringe.S01.1080p.BluRay.x264-GRP/02 - Title.mkv": episode("Fringe", 1, 2, "Title"),
    "Fringe Season 1/02.mkv": episode("Fringe", 1, 2),
    "Fringe (Season 1)/02.mkv": episode("Fringe", 1, 2),
    "Fringe S01-S05 Complete/Fringe S01/02.mkv": episode("Fringe", 1, 2),
    "Fringe - The Complete Series/Season 1/02.mkv": episode("Fringe", 1, 2),
    "Fringe/Season 1-3/Fringe S02E01.mkv": episode("Fringe", 2, 1),
    "Fringe Staffel 2 German/S02E04.mkv": episode("Fringe", 2, 4),
    "Fringe/Season 5/S05/5x04.mkv": episode("Fringe", 5, 4),
    "Fringe Seasons 1-5/S03E04.mkv": episode("Fringe", 3, 4),
}
NOT_PACKS: Cases = {
    "The Complete Series/Fringe S01E04.mkv": episode("Fringe", 1, 4),
    "Fringe S01/movie.mkv": film("Fringe S01"),
    "Downloads/Fringe S01E04.mkv": episode("Fringe", 1, 4),
    "Fringe Seasonings 1/04.mkv": film("04"),
}
SHOWS: Cases = {
    "Doctor.Who.2005.S01E03.mkv": episode("Doctor Who", 1, 3, year=2005),
    "Doctor Who (2005) - S01E03.mkv": episode("Doctor Who", 1, 3, year=2005),
    "Doctor Who (2005)/Doctor.Who.S01E03.mkv": episode("Doctor Who", 1, 3, year=2005),
    "Doctor Who (2005)/Season 1/Dr Who S01E03.mkv": episode("Doctor Who", 1, 3, year=2005),
    "Doctor Who/S01E03.mkv": episode("Doctor Who", 1, 3),
    "S.W.A.T.S01E03.mkv": episode("S.W.A.T.", 1, 3),
    "M.A.S.H.2017.S01E03.mkv": episode("M.A.S.H.", 1, 3, year=2017),
    "1923.S01E03.mkv": episode("1923", 1, 3),
    "The 100 - S01E03.mkv": episode("The 100", 1, 3),
    "90210 1x03.mkv": episode("90210", 1, 3),
    "24 S01E03.mkv": episode("24", 1, 3),
    "the_simpsons-s02e03.avi": episode("the simpsons", 2, 3),
    "Extras/Extras.S01E03.avi": episode("Extras", 1, 3),
    "Doctor Who Season 1/Doctor Who Season 1 S01E03.mkv": episode("Doctor Who", 1, 3),
}
NOT_SHOWS: Cases = {
    "TV/S01E03.mkv": episode(None, 1, 3),
    "Downloads/1x03.mkv": episode(None, 1, 3),
    "Space.1999.S01E03.mkv": episode("Space 1999", 1, 3),
    "Some Folder/Other Show S01E03.mkv": episode("Other Show", 1, 3),
    "Season 1/S01E03.mkv": episode(None, 1, 3),
    "A/1x03 - Title.mkv": episode(None, 1, 3, "Title"),
}
TITLES: Cases = {
    "Lost - S01E02 - The Title.mkv": episode("Lost", 1, 2, "The Title"),
    "Lost.S01E02.The.Title.1080p.WEB-DL.DDP5.1-GRP.mkv": episode(
        "Lost", 1, 2, "The Title", resolution="1080p", source="WEB-DL", release_group="GRP"
    ),
    "Lost.S01E02.The.Title.PROPER.720p.HDTV.mkv": episode(
        "Lost", 1, 2, "The Title", resolution="720p", source="HDTV"
    ),
    "Lost S01E02 The Title (2).mkv": episode("Lost", 1, 2, "The Title (2)"),
    "Lost S01E02 [The Title].mkv": episode("Lost", 1, 2),
    "Lost S01E02 - The Title [1080p].mkv": episode("Lost", 1, 2, "The Title", resolution="1080p"),
    "Lost_S01E02_The_Title.mkv": episode("Lost", 1, 2, "The Title"),
    "Lost - S01E02 - Dr. No.mkv": episode("Lost", 1, 2, "Dr. No"),
    "Lost S01E02 - The Title-part1.mkv": episode("Lost", 1, 2, "The Title", part=1),
    "Lost S01E02 Was it 1999?.mkv": episode("Lost", 1, 2, "Was it 1999?"),
}
NOT_TITLES: Cases = {
    "Lost.S01E02.720p.HDTV.x264-GRP.mkv": episode(
        "Lost", 1, 2, resolution="720p", source="HDTV", release_group="GRP"
    ),
    "Lost.S01E02.PROPER.720p.mkv": episode("Lost", 1, 2, resolution="720p"),
    "lost.s01e02-grp.mkv": episode("lost", 1, 2, release_group="grp"),
    "Lost S01E02 (1080p).mkv": episode("Lost", 1, 2, resolution="1080p"),
    "Lost S01E02a.mkv": episode("Lost", 1, 2),
    "Lost S01E02-trailer.mkv": extra("trailer", "Lost S01E02"),
}
SCRIPTS: Cases = {
    "流浪地球 (2019).mkv": film("流浪地球", 2019),
    "流浪地球.2019.1080p.mkv": film("流浪地球", 2019, resolution="1080p"),
    "漫长的季节 第02集.mp4": episode("漫长的季节", None, 2),
    "漫长的季节 第1季 第02集.mp4": episode("漫长的季节", 1, 2),
    "漫长的季节/第1季/第02集.mp4": episode("漫长的季节", 1, 2),
    "進撃の巨人 第05話.mkv": episode("進撃の巨人", None, 5),
    "오징어 게임 3화.mp4": episode("오징어 게임", None, 3),
    "Бригада/сезон 1/02 серия.avi": episode("Бригада", 1, 2),
    "Сталкер (1979).mkv": film("Сталкер", 1979),
    "Café_Müller.S01E02.mkv": episode("Café Müller", 1, 2),
}
NOT_SCRIPTS: Cases = {
    "第九区.mkv": film("第九区"),
    "千と千尋 (完全版).mkv": film("千と千尋 (完全版)"),
    "Серия.mkv": film("Серия"),
    "12회담.mkv": film("12회담"),
}

RULES = {
    "season and episode": (SEASON_EPISODE, NOT_SEASON_EPISODE),
    "1x02": (TIMES, NOT_TIMES),
    "several in one": (SEVERAL, NOT_SEVERAL),
    "words": (WORDS, NOT_WORDS),
    "in the folder of a season": (IN_SEASON, NOT_IN_SEASON),
    "seasons in many languages": (LANGUAGES, NOT_LANGUAGES),
    "absolute": (ABSOLUTE, NOT_ABSOLUTE),
    "anime": (ANIME, NOT_ANIME),
    "daily": (DAILY, NOT_DAILY),
    "seasons of four digits": (YEAR_SEASONS, NOT_YEAR_SEASONS),
    "specials": (SPECIALS, NOT_SPECIALS),
    "packs": (PACKS, NOT_PACKS),
    "shows": (SHOWS, NOT_SHOWS),
    "titles of episodes": (TITLES, NOT_TITLES),
    "scripts": (SCRIPTS, NOT_SCRIPTS),
}
