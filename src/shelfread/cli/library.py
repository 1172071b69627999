"""The commands of `shelfread library`, with their options and help.

The work is in `cli.shelves` and `cli.scan`, which are imported when a command runs.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from shelfread.cli.choices import AsJson, IdArgument, KindChoice, ModeOption, RescanOption
from shelfread.model.library import BOUNDS, Pattern, ThumbnailFormat
from shelfread.scan.plan import Mode

app = typer.Typer(help="Add, show, change and scan libraries.", no_args_is_help=False)

_Ignore = Annotated[
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


_FollowSymlinks = Annotated[
    bool | None, _flag("follow-symlinks", "Follow symbolic links below the roots, or not (the default).")
]
_IgnoreCtime = Annotated[
    bool | None, _flag("ignore-ctime", "Do not compare ctime, for filesystems that invent it.")
]
_IgnoreInode = Annotated[
    bool | None, _flag("ignore-inode", "Do not compare inodes, for filesystems that renumber them.")
]


_Schedule = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="CRON",
        help="Scan it by itself: '0 3 * * *' is every day at 03:00. `shelfread serve` does it.",
    ),
]


_PatternOption = Annotated[
    Pattern | None,
    typer.Option("--pattern", help="What makes a series: every folder with books, or those below a root."),
]
_Thumbnails = Annotated[bool | None, _flag("thumbnails", "Make small pictures of covers (the default).")]
_ThumbnailFormat = Annotated[
    ThumbnailFormat | None, typer.Option("--thumbnail-format", help="How they are encoded; webp by default.")
]
_ThumbnailQuality = Annotated[int | None, _number("thumbnail_quality", "1 to 100; 80 by default.")]
_ThumbnailSize = Annotated[
    str | None,
    typer.Option("--thumbnail-size", metavar="WIDTHxHEIGHT", help="Pixels to fit into; 400x600 by default."),
]
_ThumbnailScale = Annotated[
    float | None, _number("thumbnail_scale", "Their size as a part of the source's, 0.75 for instance.")
]
_Convert = Annotated[bool | None, _flag("convert", "Have books in other archives become cbz.")]
_RemoveOriginals = Annotated[
    bool | None, _flag("remove-originals", "Move what was converted to the trash, or leave it (the default).")
]
_TrashDays = Annotated[int | None, _number("trash_days", "How long the trash is kept; 30 by default.")]
_Ffprobe = Annotated[
    bool | None,
    _flag("ffprobe", "Ask FFmpeg's ffprobe, if it is there, what a video leaves open, or not (the default)."),
]


def _given(size: str | None = None, **options: Any) -> dict[str, Any]:
    """The options that were given; a size takes a scale away, as long as none comes with it."""
    given = {name: value for name, value in options.items() if value is not None}
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


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("add")
def _add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The library's name.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Its root folders.")],
    kind: Annotated[KindChoice, typer.Option("--kind", help="The kind of media.")],
    follow_symlinks: _FollowSymlinks = None,
    ignore_ctime: _IgnoreCtime = None,
    ignore_inode: _IgnoreInode = None,
    ignore: _Ignore = None,
    pattern: _PatternOption = None,
    thumbnails: _Thumbnails = None,
    thumbnail_format: _ThumbnailFormat = None,
    thumbnail_quality: _ThumbnailQuality = None,
    thumbnail_size: _ThumbnailSize = None,
    thumbnail_scale: _ThumbnailScale = None,
    convert: _Convert = None,
    remove_originals: _RemoveOriginals = None,
    trash_days: _TrashDays = None,
    ffprobe: _Ffprobe = None,
    schedule: _Schedule = None,
    as_json: AsJson = False,
) -> int:
    """Add a library. Nothing is scanned yet."""
    from shelfread.cli.shelves import add

    flags = _given(
        thumbnail_size,
        follow_symlinks=follow_symlinks,
        ignore_ctime=ignore_ctime,
        ignore_inode=ignore_inode,
        pattern=pattern,
        thumbnails=thumbnails,
        thumbnail_format=thumbnail_format,
        thumbnail_quality=thumbnail_quality,
        thumbnail_scale=thumbnail_scale,
        convert=convert,
        remove_originals=remove_originals,
        trash_days=trash_days,
        ffprobe=ffprobe,
    )
    folders = [os.fsencode(path) for path in paths]
    return add(os.fsencode(name), folders, kind.value, flags, ignore or [], schedule, as_json)


@app.command("list")
def _list(as_json: AsJson = False) -> int:
    """List the libraries."""
    from shelfread.cli.shelves import list_all

    return list_all(as_json)


@app.command("show")
def _show(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Show a library: roots, options, what it holds, its last scans."""
    from shelfread.cli.shelves import show

    return show(library_id, as_json)


@app.command("set")
def _set(
    library_id: IdArgument,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    follow_symlinks: _FollowSymlinks = None,
    ignore_ctime: _IgnoreCtime = None,
    ignore_inode: _IgnoreInode = None,
    ignore: _Ignore = None,
    no_ignore: Annotated[
        bool, typer.Option("--no-ignore", help="Drop the ignore rules given before.")
    ] = False,
    pattern: _PatternOption = None,
    thumbnails: _Thumbnails = None,
    thumbnail_format: _ThumbnailFormat = None,
    thumbnail_quality: _ThumbnailQuality = None,
    thumbnail_size: _ThumbnailSize = None,
    thumbnail_scale: _ThumbnailScale = None,
    convert: _Convert = None,
    remove_originals: _RemoveOriginals = None,
    trash_days: _TrashDays = None,
    ffprobe: _Ffprobe = None,
    add_root: Annotated[
        list[str] | None, typer.Option("--add-root", metavar="PATH", help="One more root. May be repeated.")
    ] = None,
    remove_root: Annotated[
        list[str] | None,
        typer.Option(
            "--remove-root",
            metavar="PATH",
            help="Forget a root and all that is catalogued of it. May be repeated.",
        ),
    ] = None,
    schedule: _Schedule = None,
    no_schedule: Annotated[
        bool, typer.Option("--no-schedule", help="Do not scan it by itself any more.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Change a library; only what is given changes. --ignore replaces the rules given before."""
    from shelfread.cli.shelves import Wanted, change

    if ignore and no_ignore:
        raise typer.BadParameter("--ignore and --no-ignore exclude each other")
    if schedule is not None and no_schedule:
        raise typer.BadParameter("--schedule and --no-schedule exclude each other")
    flags = _given(
        thumbnail_size,
        follow_symlinks=follow_symlinks,
        ignore_ctime=ignore_ctime,
        ignore_inode=ignore_inode,
        pattern=pattern,
        thumbnails=thumbnails,
        thumbnail_format=thumbnail_format,
        thumbnail_quality=thumbnail_quality,
        thumbnail_scale=thumbnail_scale,
        convert=convert,
        remove_originals=remove_originals,
        trash_days=trash_days,
        ffprobe=ffprobe,
    )
    wanted = Wanted(
        name=os.fsencode(name) if name is not None else None,
        flags=flags,
        ignore=[] if no_ignore else ignore,
        add_roots=[os.fsencode(path) for path in add_root or ()],
        remove_roots=[os.fsencode(path) for path in remove_root or ()],
        schedule=schedule,
        no_schedule=no_schedule,
    )
    return change(library_id, wanted, as_json)


@app.command("remove")
def _remove(
    library_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Forget a library and all that is catalogued of it. No file is touched. Asks in a terminal."""
    from shelfread.cli.shelves import remove

    return remove(library_id, yes, as_json)


@app.command("scan")
def _scan(
    library_id: IdArgument,
    rescan: RescanOption = False,
    mode: ModeOption = Mode.BATCHED,
    as_json: AsJson = False,
) -> int:
    """Scan all of a library, here and now."""
    from shelfread.cli.scan import scan_library

    return scan_library(library_id, rescan, mode, as_json)


@app.command("convert")
def _convert(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Make cbz of the books of a library that are in other archives, here and now."""
    from shelfread.cli.convert import convert_library

    return convert_library(library_id, as_json)


@app.command("covers")
def _covers(
    library_id: IdArgument,
    again: Annotated[bool, typer.Option("--all", help="Make every one anew, not only the missing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make the small pictures of a library that are missing, here and now."""
    from shelfread.cli.covers import make_covers

    return make_covers(library_id, again, as_json)


@app.command("confirm")
def _confirm(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Say that it is right: what is held as gone is gone, and roots that look wrong are as they should be."""
    from shelfread.cli.verdicts import confirm

    return confirm(library_id, as_json)


@app.command("reject")
def _reject(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Say that it is wrong: the items held as gone stay in the catalogue as they are."""
    from shelfread.cli.verdicts import reject

    return reject(library_id, as_json)
