"""The words that names of videos are full of: suffixes, languages, seasons, shelves, extras.

For `names` and its parts. Plain tables and patterns for whole names; what a word means where it stands is
decided by those who look it up. They hold what is unmistakable, and leave out what is a title as well.
"""

from __future__ import annotations

import re
from typing import Final


def key_of(text: str) -> str:
    """A name with only its letters and digits, in lower case: "S.W.A.T." is "swat"."""
    return "".join(char for char in text.casefold() if char.isalnum())


#: Suffixes without the dot, in lower case.
_VIDEO = (
    "3g2 3gp asf avi bdmv divx dv dvr-ms evo f4v flv ifo img iso m2t m2ts m2v m4v mk3d mkv mov mp4 mpe mpeg"
    " mpg mts mxf nrg nut ogm ogv qt rec rm rmvb strm swf tp trp ts vob vro webm wmv wtv xvid y4m"
)
VIDEO_SUFFIXES: Final = frozenset(_VIDEO.split())
_SUBTITLE = "ass dfxp idx jss lrc mks mpl2 pgs psb rt sami sbv smi smil srt ssa stl sub sup ttml usf vtt"
SUBTITLE_SUFFIXES: Final = frozenset(_SUBTITLE.split())
_AUDIO = (
    "aac ac3 aif aiff alac ape dts dtshd dtsma eac3 ec3 flac m4a mka mlp mp2 mp3 oga ogg opus ra thd truehd"
    " tta wav wma wv"
)
AUDIO_SUFFIXES: Final = frozenset(_AUDIO.split())

#: A code as it is given out, then what it is called in names.
_LANGUAGES = """
af afr afrikaans|ar ara arabic العربية|az aze azerbaijani|be bel belarusian|bg bul bulgarian български
bn ben bengali|bs bos bosnian|ca cat catalan català|cs ces cze czech čeština cesky česky
cy cym wel welsh|da dan danish dansk|de deu ger german deutsch|el ell gre greek ελληνικά|en eng english
eo epo esperanto|es spa spanish español espanol castellano castilian|et est estonian eesti
eu eus baq basque euskara|fa fas per persian farsi فارسی|fi fin finnish suomi|fil filipino tagalog
fr fra fre french français francais|ga gle irish gaeilge|gl glg galician galego|he heb hebrew iw עברית
hi hin hindi हिन्दी|hr hrv croatian hrvatski|hu hun hungarian magyar|hy hye arm armenian
id ind indonesian|is isl ice icelandic íslenska|it ita italian italiano|ja jpn japanese jap jp 日本語
ka kat geo georgian|kk kaz kazakh|kn kan kannada|ko kor korean 한국어|lt lit lithuanian lietuvių
lv lav latvian latviešu|mk mkd macedonian|ml mal malayalam|mn mon mongolian|mr mar marathi|ms msa may malay
nb nob bokmål bokmal|nl nld dut dutch nederlands|nn nno nynorsk|no nor norwegian norsk|pa pan punjabi
pl pol polish polski|pt por portuguese português portugues|ro ron rum romanian română romana
ru rus russian русский|sk slk slo slovak slovenčina slovensky|sl slv slovenian slovene slovenščina
sq sqi alb albanian shqip|sr srp serbian srpski српски|sv swe swedish svenska|ta tam tamil|te tel telugu
th tha thai ไทย|tr tur turkish türkçe turkce|uk ukr ukrainian українська|ur urd urdu|vi vie vietnamese
zh zho chi chinese mandarin 中文|pt-BR pob ptbr brazilian|zh-Hans chs zhs 简体 简体中文
zh-Hant cht 繁體 繁體中文
und und|mul mul|zxx zxx|yue yue cantonese 粵語
"""
#: A word in lower case to the code that it stands for.
LANGUAGES: Final = {
    word.lower(): row.split()[0]
    for row in _LANGUAGES.strip().replace("\n", "|").split("|")
    for word in row.split()
}
#: "pt-BR", "zh-Hant", "es-419" and the same with "_".
_REGION: Final = re.compile(r"([a-z]{2,3})[-_]([a-z]{2}|[a-z]{4}|[0-9]{3})", re.IGNORECASE)


def language_of(word: str) -> str | None:
    """The language that a word names: "eng", "English" and "en" are "en", "pt_br" is "pt-BR"."""
    plain = word.lower()
    if (code := LANGUAGES.get(plain)) is not None:
        return code
    if (match := _REGION.fullmatch(plain)) is not None and (code := LANGUAGES.get(match[1])) is not None:
        region = match[2].title() if len(match[2]) == 4 else match[2].upper()
        return f"{code}-{region}"
    return None


#: A season in the languages that folders are named in. Longer words stand before their beginnings.
SEASON: Final = (
    r"seasons?|series|staffeln?|saisons?|stagion[ei]|temporadas?|tempada|sez[oó]na|sezonul|sezonas|sezona"
    r"|sezon"
    r"|сезона|сезон|säsong|sæson|sesong|seizoen|kausi|évad|evad|série|séria|serie|seria|rada|hooaeg"
    r"|denboraldia"
    r"|musim|mùa|phần|κύκλος|σεζόν|עונה|الموسم|シーズン|시즌|ซีซั่น|ซีซัน"
)
#: An episode in the same.
EPISODE: Final = (
    r"episode[ns]?|épisode|episodio|episódio|epizoda|epizód|epizod|epis|ep|folge|capítulo|capitulo|cap"
    r"|puntata"
    r"|odcinek|aflevering|avsnitt|afsnit|jakso|серия|серія|эпизод|епізод|bölüm|bolum|díl|rész|επεισόδιο|פרק"
    r"|الحلقة|エピソード|에피소드|ตอนที่"
)
#: Where specials are kept.
SPECIALS: Final = re.compile(
    r"specials?|season 0+|s0+|speciale?s|spezial(?:folgen)?|especiales?|speciali", re.I
)

_SORTED = (
    r"4k|uhd|hd|sd|3d|kids|family|foreign|my|our|all|new|old|animated|disney|classic|anime|german|english"
)
_FILM_SHELVES = (
    rf"(?:(?:{_SORTED})[ _-])?(?:movies|films|filme|filmy|filmek|pel[ií]culas?|filmes)(?:[ _-](?:{_SORTED}))?"
    r"|cinema|kino|spielfilme|фильмы|电影|映画"
)
_SHOW_SHELVES = (
    r"tv|tv[ _-]?shows?|tv[ _-]?series|shows|series|serien|séries|serie(?:tv| tv)?|seriale|seri[aá]ly"
    r"|sorozatok"
    r"|television|telly|telenovelas?|anime[s]?|cartoons?|animes?[ _-]series|sitcoms?|k-?dramas?|dramas?"
    r"|сериалы"
    r"|アニメ|动漫|剧集"
)
_OTHER_SHELVES = (
    r"[^\W_]|\W|0-9|[a-z]-[a-z]|_?(?:new|unsorted|sorted|incoming|downloads?|downloaded|library|media|misc"
    r"|various|temp|tmp|torrents?|usenet|complete[d]?|done|watched|unwatched|to watch|seen|share|data|mnt|nas"
    r"|server|home|root|storage|disk[0-9]?|volume[0-9]?|public|users?)"
    r"|videos?|vid[eé]os|home ?videos?|kids|children|family|documentar(?:y|ies)|dokus?|concerts?|musicvideos?"
    r"|comed(?:y|ies)|horror|action|sci-?fi|animation|western|english|german|french|foreign|(?:19"
    r"|20)[0-9]{2}s?"
)
FILM_SHELF: Final = re.compile(_FILM_SHELVES, re.IGNORECASE)
SHOW_SHELF: Final = re.compile(_SHOW_SHELVES, re.IGNORECASE)
OTHER_SHELF: Final = re.compile(_OTHER_SHELVES, re.IGNORECASE)

#: Folders whose videos belong to a film, a show or a season and are none, by `key_of`.
EXTRA_FOLDERS: Final = {
    "behindthescenes": "behind the scenes",
    "deletedscenes": "deleted scene",
    "interviews": "interview",
    "scenes": "scene",
    "samples": "sample",
    "sample": "sample",
    "minta": "sample",
    "shorts": "short",
    "featurettes": "featurette",
    "clips": "clip",
    "trailers": "trailer",
    "backdrops": "backdrop",
    "thememusic": "theme",
    "extras": "other",
    "other": "other",
}
#: What stands behind a name for the same: "Film-trailer".
EXTRA_SUFFIXES: Final = {
    "trailer": "trailer",
    "sample": "sample",
    "minta": "sample",
    "scene": "scene",
    "clip": "clip",
    "interview": "interview",
    "behindthescenes": "behind the scenes",
    "deleted": "deleted scene",
    "deletedscene": "deleted scene",
    "featurette": "featurette",
    "short": "short",
    "extra": "other",
    "other": "other",
}
#: Folders of subtitles beside a video.
SUBTITLE_FOLDER: Final = re.compile(
    r"subs?|subtitles?|subt[ií]tulos|untertitel|sous-titres|legendas|napisy|sottotitoli|字幕", re.IGNORECASE
)
#: Folders of a disc, and those inside it.
DISC_FOLDERS: Final = frozenset(("video_ts", "audio_ts", "hvdvd_ts", "bdmv", "certificate", "jacket_p"))
