"""What people who make files write into their names: resolution, source, group, 3D, edition.

For `name_films` and `name_episodes`, which cut the name where such words begin and have the tail read here.
Some words are never part of a title ("1080p", "x264"): the first of them ends it. Others are ("Web", "Cam",
"Limited"): they count behind the year, in brackets, or beside the first sort.
"""

from __future__ import annotations

import re

from shelfread.media.video.name_text import neat, spaced
from shelfread.model.video import Video

_SURE = (
    r"(?:240|360|480|540|576|720|1080|1440|2160|4320)[pi](?:[0-9]{2})?|[48]k|uhd|ultra-?hd"
    r"|(?:[0-9]{3,4})x(?:[0-9]{3,4})p?"
    r"|(?:uhd[ ._-]?)?blu-?ray|bd-?rip|br-?rip|bd-?remux|bdmux|bd(?:25|50|66|100)|hd-?dvd|dvd-?rip"
    r"|dvd-?scr(?:eener)?|dvd-?r"
    r"|dvd-?mux|dvd[59]|web-?dl(?:rip)?|web-?rip|web-?hd|webmux|hdtv(?:-?rip)?|uhdtv|pdtv|sdtv|dsr(?:ip)?"
    r"|tv-?rip|sat-?rip|dvb-?rip"
    r"|hd-?rip|vhs-?rip|ld-?rip|vod-?rip|ppv-?rip|cam-?rip|hd-?cam|hd-?ts|telesync|telecine|remux"
    r"|[xh][ .]?26[3456]|hevc|xvid|divx|vp9|mpeg-?[24]|(?:8|10|12)-?bits?|hi10p?|hdr10(?:plus|\+)?"
    r"|aac(?:[ .]?[1257]\.[01])?|e-?ac-?3|ac-?3|ddpa?[ .]?[1257]\.[01]|dd[ .]?[1257]\.[01]|dd\+[1257]\.[01]"
    r"|ddp"
    r"|dts(?:-?(?:hd|x|es))?(?:[ .-]?ma)?|true-?hd|flac(?:[ .]?[1257]\.[01])?|h-?sbs|h-?ou|half-?(?:sbs|ou)"
)
#: In lower case.
_SOMETIMES = (
    "web bd br dvd vhs tv cam ts tc scr screener workprint hdr hdr10+ sdr dv dovi dolby vision uhd fhd qhd"
    " hd sd avc av1"
    " vc1 vc-1 opus mp3 atmos lpcm pcm dual dual-audio multi multi-subs multi-sub audio proper repack rerip"
    " real internal"
    " limited dubbed subbed dub sub subs vostfr vostf truefrench vff vfq vf dl ml amzn nf dsnp hmax max"
    " atvp pcok hulu it"
    " ip pmtp cr stan hybrid hq hdlight complete uncensored readnfo nfofix retail rip mux fixed 10b 3d sbs"
    " fsbs ou tab"
    " htab mvc hsbs hou v0 v1 v2 v3 v4 mkv mp4 avi ita eng ger fre esp jpn rus extended unrated uncut"
    " theatrical"
    " remastered imax 24fps 25fps 30fps 50fps 60fps english german french spanish italian russian japanese"
    " korean"
    " chinese dutch polish hindi batch end final raw gb big5 chs cht"
)
_MAYBE = frozenset(_SOMETIMES.split())
#: Those that are no words of titles, and may go before the first of the other sort.
_NOT_BEFORE = "it ip max real end final vision audio complete hd sub v1 v2 v3 v4"
_MAYBE_BEFORE = _MAYBE - frozenset(_NOT_BEFORE.split())
SURE = re.compile(rf"(?<![^\W_])(?:{_SURE})(?![^\W_])", re.IGNORECASE)
_JOINTS = " ._[(-"
_CHANNELS = re.compile(r"[1257]\.[01]")
_SPLIT = re.compile(r"[\s._,+&-]+")

_RESOLUTION = re.compile(
    r"(?<![^\W_])(?:(?P<lines>240|360|480|540|576|720|1080|1440|2160|4320)(?P<scan>[pi])(?:[0-9]{2})?"
    r"|[0-9]{3,4}x(?P<height>[0-9]{3,4})p?|(?P<k>[48])k)(?![^\W_])",
    re.IGNORECASE,
)
#: Group name by group name to what the source is called; the first that a name has is it.
_SOURCES = {
    "uhd_remux": "UHD BluRay Remux",
    "remux": "BluRay Remux",
    "dvdremux": "DVD Remux",
    "webremux": "WEB-DL",
    "uhd": "UHD BluRay",
    "hddvd": "HD-DVD",
    "bdrip": "BDRip",
    "brrip": "BRRip",
    "bluray": "BluRay",
    "dvdscr": "DVDSCR",
    "dvdrip": "DVDRip",
    "webdl": "WEB-DL",
    "webrip": "WEBRip",
    "hdtv": "HDTV",
    "pdtv": "PDTV",
    "sdtv": "SDTV",
    "dsr": "DSR",
    "tvrip": "TVRip",
    "satrip": "SATRip",
    "hdrip": "HDRip",
    "vhsrip": "VHSRip",
    "vodrip": "VODRip",
    "cam": "CAM",
    "telesync": "TS",
    "telecine": "TC",
    "screener": "SCR",
    "web": "WEB",
    "dvd": "DVD",
}
_SOURCE = re.compile(
    r"(?<![^\W_])(?:(?P<uhd_remux>uhd[ ._-]?blu-?ray[ ._-]remux)|(?P<remux>bd-?remux|blu-?ray[ ._-]remux)"
    r"|(?P<dvdremux>dvd[ ._-]?remux)|(?P<webremux>web-?dl[ ._-]remux)|(?P<uhd>uhd[ ._-]?blu-?ray|bd(?:66"
    r"|100))"
    r"|(?P<hddvd>hd-?dvd)|(?P<bdrip>bd-?rip)|(?P<brrip>br-?rip)|(?P<bluray>blu-?ray|bd(?:25|50|mux)?)"
    r"|(?P<dvdscr>dvd-?scr(?:eener)?)|(?P<dvdrip>dvd-?(?:rip|mux))|(?P<webdl>web-?dl|webmux|web-?hd)"
    r"|(?P<webrip>web-?(?:dl)?rip)|(?P<hdtv>u?hdtv(?:-?rip)?)|(?P<pdtv>pdtv)|(?P<sdtv>sdtv)"
    r"|(?P<dsr>dsr(?:ip)?)"
    r"|(?P<tvrip>tv-?rip|dvb-?rip)|(?P<satrip>sat-?rip)|(?P<hdrip>hd-?rip)|(?P<vhsrip>vhs(?:-?rip)?)"
    r"|(?P<vodrip>vod-?rip)|(?P<cam>(?:hd-?)?cam(?:-?rip)?)|(?P<telesync>telesync|hd-?ts|ts)"
    r"|(?P<telecine>telecine|tc)"
    r"|(?P<screener>screener|scr)|(?P<web>web)|(?P<dvd>dvd(?:[59]|-?r)?))(?![^\W_])",
    re.IGNORECASE,
)
_THREE_D = re.compile(
    r"(?<![^\W_])(?:(?P<three>3d)(?:[ ._-]+(?P<how>(?:half|full|h|f)?[ ._-]?(?:sbs|ou|tab)|mvc))?"
    r"|(?P<alone>(?:half|h|f)[ ._-]?(?:sbs|ou|tab)))(?![^\W_])",
    re.IGNORECASE,
)
_EDITIONS = (
    r"(?:director'?s|directors|collector'?s|collectors|theatrical|extended|ultimate|special|limited"
    r"|anniversary"
    r"|[0-9]{2}th[ ._]anniversary|diamond|criterion|deluxe|unrated|uncut|international|alternate|assembly"
    r"|rogue|final"
    r"|fan|signature|imax|super|recut)[ ._]?(?:cut|edition|version|collection|edit)"
)
_EDITION = re.compile(
    rf"(?<![^\W_])(?:{_EDITIONS}|extended|unrated|uncut|theatrical|redux|imax|(?:4k[ ._])?remaster(?:ed)?"
    rf"|criterion"
    r"|despecialized|open[ ._]matte|workprint|uncensored)(?![^\W_])",
    re.IGNORECASE,
)
#: Before a year only what can be nothing else.
EDITION_AT_END = re.compile(
    r"(?<=[^\W_])[)']?[ ._:-]{1,3}(?:(?:the|a)[ ._])?((?:director'?s|directors|theatrical|extended"
    r"|collector'?s|collectors|special"
    r"|anniversary|unrated|uncut|(?<=the[ ._])ultimate)[ ._](?:cut|edition|version))[ ._-]*$",
    re.IGNORECASE,
)
_GROUP = re.compile(r"-([A-Za-z0-9][A-Za-z0-9@]{0,23})(?:[ ._]?\[[^\[\]]{0,40}\])?$")
_LAST_BRACKET = re.compile(r"\[([^\[\]]{1,40})\]$")
_GROUP_NAME = re.compile(r"(?=.*[A-Za-z])[\w.@&!-]+(?: [\w.@&!-]+)?")
_CHECKSUM = re.compile(r"[0-9A-Fa-f]{8}")
_NO_GROUP = frozenset(
    ("dl", "hd", "ray", "rip", "x", "ma", "es", "dvd", "scr", "bit", "sbs", "ou", "trailer")
)


def is_release(text: str) -> bool:
    """Whether a text is nothing but such words, as brackets are: "BluRay 1080p"."""
    if _CHECKSUM.fullmatch(text):
        return True
    parts = [part for part in _SPLIT.split(text) if part]
    if not parts or len(parts) > 12:
        return False
    if SURE.fullmatch(text) or _CHANNELS.fullmatch(text):
        return True
    return all(part.lower() in _MAYBE or SURE.fullmatch(part) for part in parts)


def title_end(text: str, *, empty: bool = False) -> int:
    """Where the words of the first sort begin in a name, with those of the second before them; else its end.

    Something stands before them unless `empty`, as in a title behind a number, which need not be there.
    """
    match = SURE.search(text, 0 if empty else 1)
    if match is None:
        return len(text)
    end = match.start()
    while end > 0:
        before = text[:end].rstrip(_JOINTS)
        start = max(before.rfind(joint) for joint in _JOINTS) + 1
        if (start == 0 and not empty) or before[start:].lower() not in _MAYBE_BEFORE:
            break
        end = start
    return end if empty or neat(text[:end]) else len(text)


def read_release(tail: str, video: Video) -> None:
    """Note what the end of a name, behind its title, says of the file."""
    if not tail or tail.isspace():
        return
    if (match := _RESOLUTION.search(tail)) is not None:
        video.resolution = _resolution(match) or video.resolution
    if (match := _SOURCE.search(tail)) is not None and match.lastgroup:
        video.source = _SOURCES[match.lastgroup]
        if video.source == "BluRay" and re.search(r"(?<![^\W_])remux(?![^\W_])", tail, re.IGNORECASE):
            uhd = video.resolution == "2160p" and re.search(r"(?i)uhd", tail)
            video.source = "UHD BluRay Remux" if uhd else "BluRay Remux"
    if (match := _THREE_D.search(tail)) is not None:
        how = (match["how"] or match["alone"] or "").upper()
        how = re.sub(r"[ ._-]", "", how).replace("HALF", "H").replace("FULL", "F")
        video.three_d = f"3D {how}".strip()
    if video.edition is None:
        video.edition = edition_in(tail)
    if video.release_group is None and SURE.search(tail) is not None:
        video.release_group = _group(tail)


def edition_in(text: str) -> str | None:
    """The edition that a text behind a title names, written as people write it."""
    match = _EDITION.search(text)
    return written(match[0]) if match is not None else None


def written(edition: str) -> str:
    """The name of an edition as people write it: "directors.cut" is "Director's Cut"."""
    words = spaced(edition.replace("-", " ")).split()
    done = []
    for word in words:
        plain = {"directors": "director's", "collectors": "collector's", "remaster": "remastered"}
        lower = plain.get(word.lower(), word.lower())
        done.append(lower.upper() if lower in ("imax", "4k") else lower[0].upper() + lower[1:])
    return " ".join(done)


def _resolution(match: re.Match[str]) -> str | None:
    if match["lines"]:
        return match["lines"] + match["scan"].lower()
    if match["k"]:
        return "2160p" if match["k"] == "4" else "4320p"
    known = {"240", "360", "480", "540", "576", "720", "1080", "1440", "2160", "4320"}
    return match["height"] + "p" if match["height"] in known else None


def _group(tail: str) -> str | None:
    tail = tail.rstrip(" .")
    match = _GROUP.search(tail)
    if match is not None and SURE.search(tail[: match.start() + 1]):
        name = match[1]
        if name.lower() not in _NO_GROUP and not name.isdigit() and not is_release(name):
            return name
    if (match := _LAST_BRACKET.search(tail)) is not None:
        name = match[1].strip()
        if _GROUP_NAME.fullmatch(name) and not is_release(name) and not name.isdigit():
            return name
    return None
