"""NFO files as Kodi writes them: what people and their tools say of a film, a show, a season, an episode.

Between the readers of one video (`reading`) or of a folder and `media.xml`, which heals what is written
wrongly and obeys nothing. A file may hold several roots, one for each episode, and end in the address of a
page; the ids in that address are believed. What cannot be understood is None, not a guess. It knows no
container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shelfread.media import values
from shelfread.media.trouble import MediaTrouble
from shelfread.media.xml import Node, parse_all
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Part, Video

#: Bytes of one file.
LIMIT = 4 << 20
#: Roots in one file, and people in one root.
_MOST_ROOTS = 100
_MOST_PEOPLE = 500
#: Minutes of the longest film.
_LONGEST = 6000

_TYPES = {"movie": "movie", "tvshow": "show", "season": "season", "episodedetails": "episode"}
_ROLES = (
    ("director", "director"), ("credits", "writer"), ("writer", "writer"), ("producer", "producer"),
    ("composer", "composer"), ("creator", "creator"),
)  # fmt: skip
_SCHEME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_ID = re.compile(r"[A-Za-z0-9._/-]{1,100}")
_IMDB = re.compile(r"tt[0-9]{5,10}")
_RUNTIME = re.compile(
    r"(?:([0-9]{1,2})\s*h(?:ours?|rs?|\.)?)?\s*(?:([0-9]{1,4})\s*(?:m(?:in(?:utes?|s)?)?\.?)?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")
#: Addresses whose ids are worth having, each with its scheme.
_ADDRESSES = (
    ("imdb", re.compile(rb"imdb\.com/(?:[a-z]{2}(?:-[a-z]{2})?/)?title/(tt[0-9]{5,10})", re.IGNORECASE)),
    ("tmdb", re.compile(rb"themoviedb\.org/(?:movie|tv)/([0-9]{1,9})", re.IGNORECASE)),
    ("tvdb", re.compile(rb"thetvdb\.com/[^\s\"'<>]{0,60}?(?:[?&;](?:id|seriesid)=|series/)([0-9]{1,9})\b")),
)  # fmt: skip


def read_nfo(content: bytes, what: str = "it") -> list[Video]:
    """What an NFO says: one Video for each film, show, season or episode in it; their `type` says which.

    Args:
        content: The file. One that has no XML says no more than the ids in its addresses.
        what: What messages call it.

    Raises:
        MediaTrouble: METADATA_UNREADABLE for XML that cannot be read.
    """
    if len(content) > LIMIT:
        raise MediaTrouble(ProblemCode.METADATA_UNREADABLE, f"{what} has {len(content):,} bytes")
    plain = content.replace(b"\0", b"")
    if not any(b"<" + name.encode() in plain.lower() for name in _TYPES):
        ids = _in_addresses(plain)
        return [Video(provider_ids=ids, sources=["nfo"])] if ids else []
    try:
        roots = parse_all(content, what)
    except MediaTrouble as trouble:
        raise MediaTrouble(ProblemCode.METADATA_UNREADABLE, trouble.detail) from None
    found = [_read(root) for root in _known(roots)]
    if found:
        # The address stands behind everything and means the first; what is written above it wins.
        end = max(plain.rfind(b"</" + name.encode()) for name in _TYPES)
        found[0].provider_ids = _in_addresses(plain[end:]) | found[0].provider_ids
    return found


def _known(roots: list[Node]) -> Iterator[Node]:
    for root in roots[:_MOST_ROOTS]:
        if root.name in _TYPES:
            yield root
        else:
            # Some put them all into one more element.
            yield from [child for child in root.children if child.name in _TYPES][:_MOST_ROOTS]


def _read(root: Node) -> Video:
    video = Video(type=_TYPES[root.name], sources=["nfo"])
    video.title = _name(root, "title")
    video.original_title = _name(root, "originaltitle")
    video.sort_title = _name(root, "sorttitle")
    video.show = video.title if video.type == "show" else _name(root, "showtitle")
    if video.type in ("episode", "season"):
        video.season = values.whole(_name(root, "season") or _name(root, "seasonnumber"))
    if video.type == "episode":
        video.episode = values.whole(_name(root, "episode"))
        last = values.whole(_name(root, "episodenumberend"))
        video.episode_end = last if last is not None and last > (video.episode or 0) else None
        aired = values.date(_name(root, "aired"))
        video.air_date = aired if aired is not None and len(aired) == 10 else None
    video.plot, video.outline = _text(root, "plot"), _text(root, "outline")
    video.tagline = _name(root, "tagline")
    dates = (values.date(_name(root, name)) for name in ("premiered", "releasedate", "aired", "year"))
    known = [date for date in dates if date is not None]
    video.date = known[0] if known else None
    video.year = values.year_of(values.date(_name(root, "year")) or video.date)
    video.runtime_min = runtime(_name(root, "runtime"))
    video.age_rating = _age(_name(root, "mpaa"))
    video.rating, video.votes = _rating(root)
    video.set = _set(root)
    video.edition = _name(root, "edition")
    video.status = _name(root, "status")
    video.genres = _list(root, "genre", apart=True)
    video.tags = _list(root, "tag")
    video.studios = _list(root, "studio", apart=True)
    video.countries = _list(root, "country", apart=True)
    video.people = _people(root)
    video.provider_ids = _ids(root)
    return video


def _name(root: Node, name: str) -> str | None:
    """The first element of that name that says something, as one line."""
    for node in root.all(name):
        found = values.name(node.whole_text())
        if found is not None:
            return found
    return None


def _text(root: Node, name: str) -> str | None:
    node = root.first(name)
    return None if node is None else values.plain(node.whole_text())


def _list(root: Node, name: str, *, apart: bool = False) -> list[str]:
    """All elements of that name; old files have several in one, with a slash between them."""
    written = (node.whole_text() for node in root.all(name))
    parts = (part for text in written for part in (text.split(" / ") if apart else [text]))
    return values.distinct(parts)


def runtime(written: str | None) -> int | None:
    """Minutes: "117", "117 min", "1h 57min", "01:57:00"."""
    if written is None:
        return None
    clock = _CLOCK.fullmatch(written)
    match = clock or _RUNTIME.fullmatch(written.strip())
    if match is None or not any(match.groups()):
        return None
    minutes = int(match[1] or 0) * 60 + int(match[2] or 0)
    return minutes if 0 < minutes <= _LONGEST else None


def _age(written: str | None) -> str | None:
    if written is None:
        return None
    shorter = re.sub(r"^rated\s+", "", written.partition(" / ")[0], flags=re.IGNORECASE)
    return None if shorter.lower() in ("", "none", "not available") else shorter[:50]


def _rating(root: Node) -> tuple[float | None, int | None]:
    """The default of several ratings, else the first; from 0 to 10."""
    listed = root.first("ratings")
    nodes = [] if listed is None else listed.all("rating")
    nodes.sort(key=lambda node: node.get("default") != "true")
    for node in nodes:
        most = values.decimal(node.get("max"), 1e6) or 10.0
        value = values.decimal(_name(node, "value"), most)
        if value is not None:
            return round(value * 10 / most, 2), _votes(_name(node, "votes"))
    value = values.decimal(_name(root, "rating"), 10.0)
    return (None, None) if value is None else (value, _votes(_name(root, "votes")))


def _votes(written: str | None) -> int | None:
    return None if written is None else values.whole(re.sub(r"(?<=[0-9])[,. ](?=[0-9]{3}\b)", "", written))


def _set(root: Node) -> str | None:
    """A collection: its name in an element of its own, or as the text."""
    node = root.first("set")
    if node is None:
        return None
    return _name(node, "name") or values.name(node.text)


def _people(root: Node) -> list[Part]:
    found: dict[tuple[str, str], Part] = {}
    for element, role in _ROLES:
        for one in _list(root, element, apart=True):
            found.setdefault((role, one.casefold()), Part(role, one))
    for place, node in enumerate(root.all("actor")):
        name = _name(node, "name") or values.name(node.text)
        if name is not None:
            order = values.whole(_name(node, "order"))
            part = Part("actor", name, _name(node, "role"), place if order is None else order)
            found.setdefault(("actor", name.casefold()), part)
    return list(found.values())[:_MOST_PEOPLE]


def _ids(root: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in root.all("uniqueid"):
        scheme, value = (node.get("type") or "").strip().lower(), node.text.strip()
        if _SCHEME.fullmatch(scheme) and _ID.fullmatch(value):
            found.setdefault({"themoviedb": "tmdb", "thetvdb": "tvdb"}.get(scheme, scheme), value)
    for scheme in ("imdb", "tmdb", "tvdb"):
        for element in (f"{scheme}id", f"{scheme}_id", f"{scheme}"):
            written = _name(root, element)
            if written is not None and _ID.fullmatch(written):
                found.setdefault(scheme, written)
    plain = root.first("id")
    if plain is not None:
        # A bare number does not say whose it is.
        if _IMDB.fullmatch(plain.text.strip()):
            found.setdefault("imdb", plain.text.strip())
        for scheme in ("imdb", "tmdb", "tvdb"):
            written = plain.get(scheme)
            if written and _ID.fullmatch(written):
                found.setdefault(scheme, written)
    return {scheme: value for scheme, value in found.items() if value.strip("0") and value != "-1"}


def _in_addresses(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for scheme, pattern in _ADDRESSES:
        match = pattern.search(content)
        if match is not None:
            found[scheme] = match[1].decode()
    return found
