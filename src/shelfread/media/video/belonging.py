"""Which movie or episode a video file is of, by its path alone.

Beside `names`, which says what a path says; `reading` gives the result along to the catalogue, where files
with equal keys become the versions and parts of one item. Pure. Nothing that stands inside a file or beside
it changes a key, so a film keeps its versions together though only one of them has an NFO, and reading a file
anew never moves it to another item.
"""

from __future__ import annotations

from xxhash import xxh3_64_hexdigest

from shelfread.media.video.name_folders import folder_of, is_shelf
from shelfread.media.video.name_text import shown
from shelfread.media.video.name_words import EXTRA_FOLDERS, key_of
from shelfread.media.video.names import disc_of
from shelfread.model.video import Belonging, Video

#: Whose ids are taken for the key, the first that a name gives.
_SCHEMES = ("imdb", "tmdb", "tvdb")
#: Characters of a title in a key; what is longer is told apart by its hash.
_LONGEST = 200


def belonging(relative: bytes, named: Video) -> Belonging:
    """Say which item a file is of.

    Args:
        relative: its path below the root.
        named: what `names.from_name` makes of that path.
    """
    head = relative.rpartition(b"/")[0]
    base = _base(head, named)
    found = Belonging(base=base, disc=disc_of(relative) is not None)
    if named.type == "episode":
        _of_episode(found, relative, named)
    elif named.type == "movie":
        found.key = _movie_key(named, base)
    elif named.title is not None:
        # An extra that is called after its film: "Film (2001)-trailer".
        found.key = _movie_key(named, base)
    return found


def _of_episode(found: Belonging, relative: bytes, named: Video) -> None:
    found.show, found.show_year, found.show_ids = named.show, named.year, dict(named.provider_ids)
    name = _folded(named.show or "")
    if name:
        ids = _first_id(named.provider_ids)
        found.show_key = f"{name}|{named.year or ''}|{ids}"
    else:
        found.show_key = f"/{xxh3_64_hexdigest(found.base)}|"
    found.key = f"{found.show_key}|{_number(named) or xxh3_64_hexdigest(relative)}"


def _number(named: Video) -> str:
    """What tells an episode from the others of its show; empty where its name does not say."""
    if named.episode is not None:
        season = "" if named.season is None else named.season
        end = named.episode_end if named.episode_end not in (None, named.episode) else ""
        return f"s{season}e{named.episode}-{end}"
    if named.air_date is not None:
        return f"d{named.air_date}"
    if named.absolute is not None:
        end = named.absolute_end if named.absolute_end not in (None, named.absolute) else ""
        return f"a{named.absolute}-{end}"
    return ""


def _movie_key(named: Video, base: bytes) -> str:
    title, ids = _folded(named.title or ""), _first_id(named.provider_ids)
    if named.year is None and not ids:
        # A title alone is not enough to be the same film elsewhere: "clip", "Birthday".
        return f"/{xxh3_64_hexdigest(base)}|{title}"
    return f"{title}|{named.year or ''}|{ids}"


def _first_id(ids: dict[str, str]) -> str:
    scheme = next((one for one in _SCHEMES if one in ids), min(ids, default=None))
    return "" if scheme is None else f"{scheme}:{ids[scheme]}"


def _folded(title: str) -> str:
    key = key_of(title) or " ".join(title.casefold().split())
    return key if len(key) <= _LONGEST else f"{key[:_LONGEST]}~{xxh3_64_hexdigest(key.encode())}"


def _base(head: bytes, named: Video) -> bytes:
    """The folder of the item: not that of its disc, of one of its parts, or of its extras."""
    parts = head.split(b"/") if head else []
    inside = folder_of(head).disc
    parts = parts[: len(parts) - inside]
    if named.type in ("extra", "sample"):
        names = [shown(part) for part in parts]
        for place, name in enumerate(names):
            if key_of(name) in EXTRA_FOLDERS and (
                place == len(names) - 1 or any(not is_shelf(one) for one in names[:place])
            ):
                return b"/".join(parts[:place])
        return b"/".join(parts)
    if parts and named.type == "movie" and folder_of(b"/".join(parts)).part is not None:
        parts = parts[:-1]
    return b"/".join(parts)
