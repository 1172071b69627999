"""A readable block for what was read in one file or name. Imports no store: `inspect` must start at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from shelfread.cli.texts import duration, shown, size

_HEAD = {"path", "path_b64", "kind", "outcome", "code", "detail", "has_cover"}
_GREY, _BOLD, _RED, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"


def print_block(fields: Mapping[str, Any]) -> None:
    """Print one object of `inspect` for people."""
    path = shown(fields["path"])
    lines = [_styled(_BOLD, path)]
    if fields["outcome"] != "ok":
        lines.append("  " + _styled(_RED, f"{fields['code']}  {shown(fields['detail'] or '')}".rstrip()))
    said = {key: _value(key, value) for key, value in fields.items() if key not in _HEAD}
    rows = {key: value for key, value in said.items() if value}
    width = max(map(len, rows), default=0)
    lines += [f"  {_styled(_GREY, key.ljust(width))}  {value}" for key, value in rows.items()]
    print("\n".join(lines), end="\n\n")  # noqa: T201
    sys.stdout.flush()


def _value(key: str, value: Any) -> str:
    if key == "duration_s":
        return duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "pictures":
        return "; ".join(map(_picture, value))
    if key == "credits":
        # The artists have lines of their own already.
        others = (credit for credit in value if credit["role"] not in ("artist", "albumartist"))
        return "; ".join(f"{credit['role']}: {shown(credit['name'])}" for credit in others)
    if isinstance(value, list):
        return "; ".join(shown(str(part)) for part in value)
    text = shown(str(value))
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"


def _picture(picture: Mapping[str, Any]) -> str:
    pixels = (
        f" {picture['width']} x {picture['height']}" if "width" in picture and "height" in picture else ""
    )
    return f"{shown(picture['type'])}{pixels} {shown(picture.get('mime') or '')} {size(picture['size'])}"


def _styled(style: str, text: str) -> str:
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in (None, "dumb")
    return text if plain else f"{style}{text}{_PLAIN}"
