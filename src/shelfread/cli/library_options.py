"""The options of `shelfread library add` and `set`: what may be given, and what it says of a library.

Knows no catalogue; `cli.library` has the commands.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shelfread.model.library import BOUNDS, Pattern, ThumbnailFormat

IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", metavar="PATTERN", help="An ignore rule, as in a .shelfignore file. May be repeated."
    ),
]


def _flag(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(f"--{name}/--no-{name}", help=text)
    return option


def _number(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(f"--{name.replace('_', '-')}", help=text)
    return option


FollowSymlinksOption = Annotated[
    bool | None, _flag("follow-symlinks", "Follow symbolic links below the roots, or not (the default).")
]
IgnoreCtimeOption = Annotated[
    bool | None, _flag("ignore-ctime", "Do not compare ctime, for filesystems that invent it.")
]
IgnoreInodeOption = Annotated[
    bool | None, _flag("ignore-inode", "Do not compare inodes, for filesystems that renumber them.")
]


ScheduleOption = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="CRON",
        help="Scan it by itself: '0 3 * * *' is every day at 03:00. `shelfread serve` does it.",
    ),
]


PatternOption = Annotated[
    Pattern | None,
    typer.Option("--pattern", help="What makes a series: every folder with books, or those below a root."),
]
ThumbnailsOption = Annotated[bool | None, _flag("thumbnails", "Make small pictures of covers (the default).")]
ThumbnailFormatOption = Annotated[
    ThumbnailFormat | None, typer.Option("--thumbnail-format", help="How they are encoded; webp by default.")
]
ThumbnailQualityOption = Annotated[int | None, _number("thumbnail_quality", "1 to 100; 80 by default.")]
ThumbnailSizeOption = Annotated[
    str | None,
    typer.Option("--thumbnail-size", metavar="WIDTHxHEIGHT", help="Pixels to fit into; 400x600 by default."),
]
ThumbnailScaleOption = Annotated[
    float | None, _number("thumbnail_scale", "Their size as a part of the source's, 0.75 for instance.")
]
ConvertOption = Annotated[bool | None, _flag("convert", "Have books in other archives become cbz.")]
RemoveOriginalsOption = Annotated[
    bool | None, _flag("remove-originals", "Move what was converted to the trash, or leave it (the default).")
]
TrashDaysOption = Annotated[int | None, _number("trash_days", "How long the trash is kept; 30 by default.")]
PruneDaysOption = Annotated[
    int | None,
    _number("prune_days", "Forget files that are missing for so many days; 0: never (the default)."),
]
FfprobeOption = Annotated[
    bool | None,
    _flag("ffprobe", "Ask FFmpeg's ffprobe, if it is there, what a video leaves open, or not (the default)."),
]
WatchOption = Annotated[
    bool | None,
    _flag("watch", "Have `shelfread serve` scan at once what changes in its folders, or not (the default)."),
]


def given_options(size: str | None = None, **options: Any) -> dict[str, Any]:
    """The options that were given; a size takes a scale away, as long as none comes with it."""
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("prune_days") == 0:
        given["prune_days"] = None
    if size is not None:
        width, cross, height = size.lower().partition("x")
        if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
            raise typer.BadParameter(f"--thumbnail-size is WIDTHxHEIGHT, as in 400x600, and not {size!r}")
        given |= {"thumbnail_width": int(width), "thumbnail_height": int(height)}
        given.setdefault("thumbnail_scale", None)
    for name, (least, most) in BOUNDS.items():
        value = given.get(name)
        if value is not None and not least <= value <= most:
            raise typer.BadParameter(f"--{name.replace('_', '-')} is {least:g} to {most:g}, and not {value}")
    return given
