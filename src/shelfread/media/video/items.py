"""What a movie or an episode shows of itself, from all its files; what a show does, from what stands beside.

Pure rules for `store.video_parents`, which knows rows. None depends on the order in which files come,
so that any way of scanning the same files ends in the same items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Fields that say what an item is about; the others are of one file.
SAID = (
    "season", "episode", "episode_end", "absolute", "absolute_end", "air_date",
    "title", "original_title", "sort_title", "year", "date", "plot", "outline", "tagline", "runtime_min",
    "age_rating", "rating", "votes", "set", "status", "provider_ids", "genres", "tags", "studios",
    "countries", "people",
)  # fmt: skip
#: Fields that mean nothing alone: who gives one of them gives all.
_TOGETHER = {
    "date": ("year",),
    "rating": ("votes",),
    "season": ("episode", "episode_end"),
    "absolute": ("absolute_end",),
}


def described(files: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What all files of one movie or episode say, made one.

    Args:
        files: of each its name, and what was read of it: the fields of `model.video.Video` that are known.

    Returns:
        The fields of `SAID` that are known. A file with an NFO goes before others, then the first part, then
        the first by name; a list is taken as a whole.
    """
    ordered = sorted(
        files, key=lambda one: ("nfo" not in one[1].get("sources", ()), one[1].get("part") or 0, one[0])
    )
    return joined([facts for _, facts in ordered])


def joined(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of `SAID`, each from the first that knows it."""
    found: dict[str, Any] = {}
    taken = {name for names in _TOGETHER.values() for name in names}
    for field in SAID:
        if field in taken:
            continue
        for one in facts:
            together = (field, *_TOGETHER.get(field, ()))
            known = {name: one[name] for name in together if _is_known(one.get(name))}
            if known:
                found |= known
                break
    return found


def show_described(
    named: str, year: int | None, ids: Mapping[str, str], beside: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a show says of itself.

    Args:
        named: as folders and names of its episodes call it.
        year: as they give it.
        ids: as they give them.
        beside: what each tvshow.nfo says, the first by its path first.
    """
    found = joined([*beside, {"title": named, "year": year}])
    return found | {"provider_ids": {**ids, **found.get("provider_ids", {})}}


def place(said: Mapping[str, Any]) -> str:
    """Where an episode stands in its show: by season and number, specials behind; then by date and title."""
    season = said.get("season")
    order = f"{season:05d}" if season else "99999" if season == 0 else "90000"
    numbers = "".join(f" {said.get(name, 999_999):06d}" for name in ("episode", "absolute"))
    return f"{order}{numbers} {said.get('air_date') or '9'} {said.get('title') or ''}"[:200].replace("\0", "")


def _is_known(value: object) -> bool:
    return value is not None and value not in ("", [], {})
