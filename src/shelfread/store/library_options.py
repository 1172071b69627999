"""The options of a library as its row keeps them: a JSON text. Knows no connection."""

from __future__ import annotations

import json
from dataclasses import fields

from shelfread.model.library import LibraryOptions, options_json

_NAMES = {field.name for field in fields(LibraryOptions)}


def options_text(options: LibraryOptions) -> str:
    """What is stored of them."""
    return json.dumps(options_json(options))


def options_of(text: str) -> LibraryOptions:
    """What was stored; what is not there is as it was before there was a choice."""
    stored = {name: value for name, value in json.loads(text).items() if name in _NAMES}
    return LibraryOptions(**stored | {"ignore": tuple(stored.get("ignore", ()))})
