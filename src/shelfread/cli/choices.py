"""Options and choices that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shelfread.scan.plan import Mode


class KindChoice(StrEnum):
    """What `--kind` takes: the names of `app.KINDS`, without the cost of importing it (a test compares)."""

    MUSIC = "music"
    BOOKS = "books"
    VIDEO = "video"


ModeOption = Annotated[
    Mode, typer.Option("--mode", help="Write rows in batches, or each file as soon as it is read.")
]
RescanOption = Annotated[
    bool, typer.Option("--rescan", help="Read every file again, whether it changed or not.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
IdOption = Annotated[
    str | None, typer.Option("--library", metavar="ID", help="Only of this library (number or name).")
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The library's number, or its name.")]
RootOption = Annotated[
    list[str] | None,
    typer.Option("--root", metavar="PATH", help="Only what concerns this root of it. May be repeated."),
]
