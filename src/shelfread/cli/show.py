"""A readable block for what was read in one file or name. Imports no store: `inspect` must start at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shelfread.cli import show_video
from shelfread.cli.texts import duration, shown, size

_HEAD = {"path", "path_b64", "kind", "outcome", "code", "detail", "has_cover"}
#: Told together with another field, or for programs only.
_WITHIN = {"count", "first_page", "number_sort"}
#: Credits in these roles have a line of their own already.
_OWN_LINE = {"artist": "artists", "albumartist": "albumartist", "writer": "writers", "author": "writers"}
#: Files of an archive that are named; `--json` has all.
_ENTRIES = 6
#: Longer texts are cut.
_LONGEST = 200
#: Fields of videos whose values are many.
_VIDEO = {"streams": show_video.streams, "chapters": show_video.chapters, "people": show_video.people}
_GREY, _BOLD, _RED, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"


def print_block(fields: Mapping[str, Any]) -> None:
    """Print one object of `inspect` for people."""
    path = shown(fields["path"])
    lines = [_styled(_BOLD, path)]
    if fields["outcome"] != "ok":
        lines.append("  " + _styled(_RED, f"{fields['code']}  {shown(fields['detail'] or '')}".rstrip()))
    said = {key: _value(key, value, fields) for key, value in fields.items() if key not in _HEAD | _WITHIN}
    rows = {key: value for key, value in said.items() if value}
    width = max(map(len, rows), default=0)
    between = "\n" + " " * (width + 4)
    lines += [
        f"  {_styled(_GREY, key.ljust(width))}  {value.replace(chr(10), between)}"
        for key, value in rows.items()
    ]
    print("\n".join(lines), end="\n\n")  # noqa: T201
    sys.stdout.flush()


def _value(key: str, value: Any, fields: Mapping[str, Any]) -> str:
    if key == "duration_s":
        return duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "pictures":
        return "; ".join(map(_picture, value))
    if key == "cover" and isinstance(value, Mapping):
        return _cover(value)
    if key in _VIDEO and isinstance(value, list):
        return _VIDEO[key](value)
    if key == "credits":
        return _credits(value, fields)
    if key == "tags":
        return _tags(value)
    if key == "entries":
        return _entries(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{shown(str(name))} {shown(str(part))}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(shown(str(part)) for part in value)
    text = _cut(shown(" ".join(str(value).split())))
    if key == "number" and "count" in fields:
        return f"{text} of {fields['count']}"
    if key == "pages" and "first_page" in fields:
        return f"{text}, the first is {shown(fields['first_page'])}"
    return text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _credits(people: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> str:
    said = {role: fields.get(line) or () for role, line in _OWN_LINE.items()}
    others = [
        f"{shown(one['role'])}: {shown(one['name'])}"
        for one in people
        if not (one["role"] in ("artist", "albumartist") and "artists" in fields)
        and one["name"] not in said.get(one["role"], ())
    ]
    return "; ".join(others)


def _tags(tags: Sequence[Mapping[str, Any]]) -> str:
    """Words of one sort together, as a person would say them."""
    sorts: dict[str, list[str]] = {}
    for tag in tags:
        sorts.setdefault(tag["type"], []).append(shown(tag["name"]))
    return _cut("; ".join(f"{shown(sort)}: {', '.join(names)}" for sort, names in sorts.items()))


def _entries(entries: Sequence[str]) -> str:
    named = "; ".join(map(shown, entries[:_ENTRIES]))
    more = len(entries) - _ENTRIES
    return f"{named}; and {more} more" if more > 0 else named


def _cover(cover: Mapping[str, Any]) -> str:
    where = shown(cover["entry"]) if "entry" in cover else f"page {cover.get('number', 0) + 1}"
    return f"{where}{_pixels(cover)} {shown(cover.get('mime') or '')}".rstrip()


def _pixels(picture: Mapping[str, Any]) -> str:
    return f" {picture['width']} x {picture['height']}" if {"width", "height"} <= picture.keys() else ""


def _picture(picture: Mapping[str, Any]) -> str:
    mime = shown(picture.get("mime") or "")
    return f"{shown(picture['type'])}{_pixels(picture)} {mime} {size(picture['size'])}"


def _styled(style: str, text: str) -> str:
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in (None, "dumb")
    return text if plain else f"{style}{text}{_PLAIN}"
