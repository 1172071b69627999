"""Names of what belongs to films and episodes: extras, samples, discs, subtitles and audio beside them."""

from __future__ import annotations

from tests.media.video.name_words import Cases, audio, episode, extra, film, subtitle

EXTRA_FOLDERS: Cases = {
    "Ran (1985)/behind the scenes/Kites.mkv": extra("behind the scenes", "Kites"),
    "Ran (1985)/Deleted Scenes/Kites.mkv": extra("deleted scene", "Kites"),
    "Ran (1985)/interviews/Kites.mkv": extra("interview", "Kites"),
    "Ran (1985)/scenes/Kites.mkv": extra("scene", "Kites"),
    "Ran (1985)/samples/Kites.mkv": extra("sample", "Kites"),
    "Ran (1985)/shorts/Kites.mkv": extra("short", "Kites"),
    "Ran (1985)/featurettes/Kites.mkv": extra("featurette", "Kites"),
    "Ran (1985)/clips/Kites.mkv": extra("clip", "Kites"),
    "Ran (1985)/Trailers/Kites.mkv": extra("trailer", "Kites"),
    "Ran (1985)/backdrops/Kites.mp4": extra("backdrop", "Kites"),
    "Ran (1985)/theme-music/Kites.mp3": extra("theme", "Kites"),
    "Ran (1985)/EXTRAS/Kites.mkv": extra("other", "Kites"),
    "Ran (1985)/other/Kites.mkv": extra("other", "Kites"),
    "Ran (1985)/deleted-scenes/Kites.mkv": extra("deleted scene", "Kites"),
    "Ran (1985)/extras/kites/Kites.mkv": extra("other", "Kites"),
    "Lost/Season 1/Extras/Kites.mkv": extra("other", "Kites", show="Lost", season=1),
    "Ran (1985)/extras/S01E02.mkv": extra("other", "S01E02"),
    "Ran (1985)/theme.mp3": extra("theme", "theme"),
}
NOT_EXTRA_FOLDERS: Cases = {
    "Shorts/Alma (2009)/Alma (2009).mkv": film("Alma", 2009),
    "Extras (2005)/Season 1/S01E02.mkv": episode("Extras", 1, 2, year=2005),
    "Extras/Season 1/S01E02.mkv": episode("Extras", 1, 2),
    "Behind the Scenes (2009)/Behind the Scenes (2009).mkv": film("Behind the Scenes", 2009),
    "My Clips/Kites.mkv": film("Kites"),
    "Scenes from a Marriage/Kites.mkv": film("Kites"),
    "Kites/clipsed/Kites.mkv": film("Kites"),
    "Disney/Shorts/Alma (2009)/Alma.mkv": film("Alma", 2009),
}
EXTRA_SUFFIXES: Cases = {
    "Ran (1985)-trailer.mkv": extra("trailer", "Ran", 1985),
    "Ran.1985.trailer.mkv": extra("trailer", "Ran", 1985),
    "Ran_1985_trailer.mkv": extra("trailer", "Ran", 1985),
    "Ran (1985)-trailer2.mkv": extra("trailer", "Ran", 1985),
    "Ran (1985) - Trailer.mkv": extra("trailer", "Ran", 1985),
    "trailer.mkv": extra("trailer", "trailer"),
    "Ran (1985)-scene.mkv": extra("scene", "Ran", 1985),
    "Ran (1985)-clip.mkv": extra("clip", "Ran", 1985),
    "Kites-interview.mkv": extra("interview", "Kites"),
    "Kites-behindthescenes.mkv": extra("behind the scenes", "Kites"),
    "Kites-deleted.mkv": extra("deleted scene", "Kites"),
    "Kites-deletedscene.mkv": extra("deleted scene", "Kites"),
    "Kites-featurette.mkv": extra("featurette", "Kites"),
    "The Kites-short.mkv": extra("short", "The Kites"),
    "Kites-extra.mkv": extra("other", "Kites"),
    "Kites-other.mkv": extra("other", "Kites"),
    "Lost/Season 1/Lost.S01E02-trailer.mkv": extra("trailer", "Lost S01E02", show="Lost", season=1),
}
NOT_EXTRA_SUFFIXES: Cases = {
    "The Big Short.mkv": film("The Big Short"),
    "The_Big_Short.mkv": film("The Big Short"),
    "the-big-short.mkv": film("the-big-short"),
    "I Live In A Trailer.mkv": film("I Live In A Trailer"),
    "Trailer Park Boys S01E02.mkv": episode("Trailer Park Boys", 1, 2),
    "Crime.Scene.2010.mkv": film("Crime Scene", 2010),
    "The Interview (2014).mkv": film("The Interview", 2014),
    "Paper-clips.1999.mkv": film("Paper-clips", 1999),
    "Crime.Scene.mkv": film("Crime Scene"),
    "The Other.mkv": film("The Other"),
    "Kites.1999.1080p.BluRay.x264-SHORTS.mkv": film(
        "Kites", 1999, resolution="1080p", source="BluRay", release_group="SHORTS"
    ),
}
SAMPLES: Cases = {
    "Ran (1985)/sample.mkv": extra("sample", "sample"),
    "Ran (1985)/Sample/ran.mkv": extra("sample", "ran"),
    "Ran.1985.sample.mkv": extra("sample", "Ran", 1985),
    "Ran (1985)-sample.mkv": extra("sample", "Ran", 1985),
    "Ran_1985_sample.avi": extra("sample", "Ran", 1985),
    "sample-ran.1985.avi": extra("sample", "ran", 1985),
    "Ran.1985.720p.x264-GRP.Sample.mkv": extra("sample", "Ran", 1985, resolution="720p", release_group="GRP"),
    "ran.1985.sample.x264-grp.mkv": extra("sample", "ran", 1985),
    "minta.avi": extra("sample", "minta"),
    "Ran-minta.avi": extra("sample", "Ran"),
    "Ran (1985)/minta/ran.avi": extra("sample", "ran"),
}
NOT_SAMPLES: Cases = {
    "Free Sample (2012).mkv": film("Free Sample", 2012),
    "Sample People.mkv": film("Sample People"),
    "Free.Sample.2012.720p.mkv": film("Free Sample", 2012, resolution="720p"),
    "Sampled.mkv": film("Sampled"),
    "Samples of Life/run.mkv": film("run"),
    "Araminta 2 (2001).mkv": film("Araminta 2", 2001),
}
DISCS: Cases = {
    "Ran (1985)/VIDEO_TS/VTS_01_1.VOB": film("Ran", 1985),
    "Ran (1985)/VIDEO_TS/VIDEO_TS.IFO": film("Ran", 1985),
    "Ran (1985)/video_ts/VTS_01_0.BUP": film("Ran", 1985),
    "Ran (1985)/VIDEO_TS.IFO": film("Ran", 1985),
    "Ran (1985)/VTS_02_3.VOB": film("Ran", 1985),
    "Ran (1985)/BDMV/STREAM/00001.m2ts": film("Ran", 1985),
    "Ran (1985)/BDMV/index.bdmv": film("Ran", 1985),
    "Ran (1985) [tmdbid-11645]/BDMV/STREAM/00002.m2ts": film("Ran", 1985, provider_ids={"tmdb": "11645"}),
    "Ran.1985.1080p.BluRay/BDMV/PLAYLIST/00001.mpls": film("Ran", 1985, resolution="1080p", source="BluRay"),
    "Ran/Disc 2/VIDEO_TS/VTS_01_1.VOB": film("Ran", part=2),
    "Lost/Season 1/Disc 2/BDMV/STREAM/00001.m2ts": episode("Lost", 1, None, part=2),
    "Lost S01 Disc 3/VIDEO_TS/VTS_01_1.VOB": episode("Lost", 1, None, part=3),
    "VIDEO_TS/VTS_01_1.VOB": film("VIDEO_TS"),
}
NOT_DISCS: Cases = {
    "Ran (1985)/video/ran.1985.vob": film("ran", 1985),
    "VIDEO_TSX/ran.mkv": film("ran"),
    "BDMVs/ran.mkv": film("ran"),
    "Ran (1985).iso": film("Ran", 1985),
}
LANGUAGES: Cases = {
    "Ran (1985).en.srt": subtitle("Ran (1985)", "en"),
    "Ran (1985).eng.srt": subtitle("Ran (1985)", "en"),
    "Ran (1985).English.srt": subtitle("Ran (1985)", "en"),
    "Ran (1985).ger.ass": subtitle("Ran (1985)", "de"),
    "Ran (1985).deu.ssa": subtitle("Ran (1985)", "de"),
    "Ran (1985).pt-BR.srt": subtitle("Ran (1985)", "pt-BR"),
    "Ran (1985).pt_br.srt": subtitle("Ran (1985)", "pt-BR"),
    "Ran (1985).zh-Hans.srt": subtitle("Ran (1985)", "zh-Hans"),
    "Ran (1985).es-419.vtt": subtitle("Ran (1985)", "es-419"),
    "Ran (1985).hi.srt": subtitle("Ran (1985)", "hi"),
    "Ran [fre].sub": subtitle("Ran", "fr"),
    "Ran (1985) (German).srt": subtitle("Ran (1985)", "de"),
    "Ran_eng.idx": subtitle("Ran", "en"),
    "Ran-Deutsch.srt": subtitle("Ran", "de"),
    "Ran.S01E02.ita.sup": subtitle("Ran.S01E02", "it"),
    "Ran.1985.720p.x264-GRP.nl.srt": subtitle("Ran.1985.720p.x264-GRP", "nl"),
    "Ran (1985)/Subs/2_English.srt": subtitle(None, "en"),
    "Ran (1985)/Subs/fre.srt": subtitle(None, "fr"),
    "Lost S01/Subs/Lost.S01E02/3_Spanish.srt": subtitle("Lost.S01E02", "es"),
    "Ran (1985).日本語.srt": subtitle("Ran (1985)", "ja"),
}
NOT_LANGUAGES: Cases = {
    "Ran (1985).srt": subtitle("Ran (1985)"),
    "It.srt": subtitle("It"),
    "Shark-Fin.srt": subtitle("Shark-Fin"),
    "The Good German.srt": subtitle("The Good German"),
    "Ran.x264-GRP.srt": subtitle("Ran.x264-GRP"),
    "Ran.1985.srt": subtitle("Ran.1985"),
    "Ran.qq.srt": subtitle("Ran.qq"),
    "Spider-Man.srt": subtitle("Spider-Man"),
    "Ran.2.srt": subtitle("Ran.2"),
}
FLAGS: Cases = {
    "Ran (1985).en.forced.srt": subtitle("Ran (1985)", "en", forced=True),
    "Ran (1985).forced.en.srt": subtitle("Ran (1985)", "en", forced=True),
    "Ran (1985).foreign.eng.srt": subtitle("Ran (1985)", "en", forced=True),
    "Ran (1985).forced.srt": subtitle("Ran (1985)", forced=True),
    "Ran (1985).en.sdh.srt": subtitle("Ran (1985)", "en", sdh=True),
    "Ran (1985).en.cc.srt": subtitle("Ran (1985)", "en", sdh=True),
    "Ran (1985).en.hi.srt": subtitle("Ran (1985)", "en", sdh=True),
    "Ran (1985).hi.en.srt": subtitle("Ran (1985)", "en", sdh=True),
    "Ran (1985).hi.forced.srt": subtitle("Ran (1985)", "hi", forced=True),
    "Ran (1985).hin.hi.srt": subtitle("Ran (1985)", "hi", sdh=True),
    "Ran (1985).default.srt": subtitle("Ran (1985)", default=True),
    "Ran (1985).eng.sdh.default.srt": subtitle("Ran (1985)", "en", sdh=True, default=True),
    "Ran (1985).en.2.srt": subtitle("Ran (1985)", "en"),
    "Ran (1985).Commentary.en.srt": subtitle("Ran (1985)", "en", title="Commentary"),
    "Ran (1985).en.Signs.srt": subtitle("Ran (1985)", "en", title="Signs"),
    "Ran (1985)/Subs/English [SDH].srt": subtitle(None, "en", sdh=True),
}
NOT_FLAGS: Cases = {
    "Forced.srt": subtitle("Forced"),
    "The Default.srt": subtitle("The Default"),
    "Ran.enforced.srt": subtitle("Ran.enforced"),
    "Ran.Commentary.srt": subtitle("Ran.Commentary"),
    "hi.srt": subtitle("hi"),
}
AUDIO: Cases = {
    "Ran (1985).de.ac3": audio("Ran (1985)", "de"),
    "Ran (1985).mka": audio("Ran (1985)"),
    "Ran (1985).eng.default.dts": audio("Ran (1985)", "en", default=True),
    "Ran (1985).Commentary.en.mp3": audio("Ran (1985)", "en", title="Commentary"),
    "Ran.S01E02.jpn.flac": audio("Ran.S01E02", "ja"),
    "Ran (1985).French.eac3": audio("Ran (1985)", "fr"),
    "Ran_ger.aac": audio("Ran", "de"),
    "Ran (1985).pt-BR.opus": audio("Ran (1985)", "pt-BR"),
}
NOT_AUDIO: Cases = {
    "Ran (1985)/theme.flac": extra("theme", "theme"),
    "Ran (1985)/theme-music/Ran.de.mp3": extra("theme", "Ran de"),
    "Ran.aac.mkv": film("Ran"),
}

RULES = {
    "folders of extras": (EXTRA_FOLDERS, NOT_EXTRA_FOLDERS),
    "words of extras": (EXTRA_SUFFIXES, NOT_EXTRA_SUFFIXES),
    "samples": (SAMPLES, NOT_SAMPLES),
    "discs": (DISCS, NOT_DISCS),
    "languages beside a video": (LANGUAGES, NOT_LANGUAGES),
    "flags beside a video": (FLAGS, NOT_FLAGS),
    "audio beside a video": (AUDIO, NOT_AUDIO),
}
