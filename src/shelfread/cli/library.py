"""The commands of `shelfread library`, with their options and help.

The work is in `cli.shelves` and `cli.scan`, which are imported when a command runs.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from shelfread.cli.choices import AsJson, IdArgument, KindChoice, ModeOption, RescanOption, RootOption
from shelfread.cli.library_options import (
    ConvertOption,
    FfprobeOption,
    FollowSymlinksOption,
    IgnoreCtimeOption,
    IgnoreInodeOption,
    IgnoreOption,
    PatternOption,
    PruneDaysOption,
    RemoveOriginalsOption,
    ScheduleOption,
    ThumbnailFormatOption,
    ThumbnailQualityOption,
    ThumbnailScaleOption,
    ThumbnailSizeOption,
    ThumbnailsOption,
    TrashDaysOption,
    WatchOption,
    given_options,
)
from shelfread.scan.plan import Mode

app = typer.Typer(help="Add, show, change and scan libraries.", no_args_is_help=False)


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
    follow_symlinks: FollowSymlinksOption = None,
    ignore_ctime: IgnoreCtimeOption = None,
    ignore_inode: IgnoreInodeOption = None,
    ignore: IgnoreOption = None,
    pattern: PatternOption = None,
    thumbnails: ThumbnailsOption = None,
    thumbnail_format: ThumbnailFormatOption = None,
    thumbnail_quality: ThumbnailQualityOption = None,
    thumbnail_size: ThumbnailSizeOption = None,
    thumbnail_scale: ThumbnailScaleOption = None,
    convert: ConvertOption = None,
    remove_originals: RemoveOriginalsOption = None,
    trash_days: TrashDaysOption = None,
    prune_days: PruneDaysOption = None,
    ffprobe: FfprobeOption = None,
    watch: WatchOption = None,
    schedule: ScheduleOption = None,
    as_json: AsJson = False,
) -> int:
    """Add a library. Nothing is scanned yet."""
    from shelfread.cli.shelves import add

    flags = given_options(
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
        prune_days=prune_days,
        ffprobe=ffprobe,
        watch=watch,
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
    follow_symlinks: FollowSymlinksOption = None,
    ignore_ctime: IgnoreCtimeOption = None,
    ignore_inode: IgnoreInodeOption = None,
    ignore: IgnoreOption = None,
    no_ignore: Annotated[
        bool, typer.Option("--no-ignore", help="Drop the ignore rules given before.")
    ] = False,
    pattern: PatternOption = None,
    thumbnails: ThumbnailsOption = None,
    thumbnail_format: ThumbnailFormatOption = None,
    thumbnail_quality: ThumbnailQualityOption = None,
    thumbnail_size: ThumbnailSizeOption = None,
    thumbnail_scale: ThumbnailScaleOption = None,
    convert: ConvertOption = None,
    remove_originals: RemoveOriginalsOption = None,
    trash_days: TrashDaysOption = None,
    prune_days: PruneDaysOption = None,
    ffprobe: FfprobeOption = None,
    watch: WatchOption = None,
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
    empty_ok: Annotated[
        list[str] | None,
        typer.Option("--empty-ok", metavar="PATH", help="This root may be emptied, as an inbox is."),
    ] = None,
    no_empty_ok: Annotated[
        list[str] | None,
        typer.Option("--no-empty-ok", metavar="PATH", help="If it is empty, its disk is away (the default)."),
    ] = None,
    schedule: ScheduleOption = None,
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
    flags = given_options(
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
        prune_days=prune_days,
        ffprobe=ffprobe,
        watch=watch,
    )
    wanted = Wanted(
        name=os.fsencode(name) if name is not None else None,
        flags=flags,
        ignore=[] if no_ignore else ignore,
        add_roots=[os.fsencode(path) for path in add_root or ()],
        remove_roots=[os.fsencode(path) for path in remove_root or ()],
        empty_ok={os.fsencode(path): True for path in empty_ok or ()}
        | {os.fsencode(path): False for path in no_empty_ok or ()},
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
def _confirm(library_id: IdArgument, root: RootOption = None, as_json: AsJson = False) -> int:
    """Say that it is right: what is held as gone is gone, and roots that look wrong are as they should be."""
    from shelfread.cli.verdicts import confirm

    return confirm(library_id, [os.fsencode(path) for path in root or ()], as_json)


@app.command("reject")
def _reject(library_id: IdArgument, root: RootOption = None, as_json: AsJson = False) -> int:
    """Say that it is wrong: the items held as gone stay in the catalogue as they are."""
    from shelfread.cli.verdicts import reject

    return reject(library_id, [os.fsencode(path) for path in root or ()], as_json)
