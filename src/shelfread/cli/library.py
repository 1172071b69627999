"""The commands of `shelfread library`, with their options and help.

The work is in `cli.shelves` and `cli.scan`, which are imported when a command runs.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from shelfread.cli.choices import AsJson, IdArgument, KindChoice, ModeOption, RescanOption
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


def _flags(
    follow_symlinks: bool | None, ignore_ctime: bool | None, ignore_inode: bool | None
) -> dict[str, bool]:
    """The flags that were given."""
    given = {"follow_symlinks": follow_symlinks, "ignore_ctime": ignore_ctime, "ignore_inode": ignore_inode}
    return {name: value for name, value in given.items() if value is not None}


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
    schedule: _Schedule = None,
    as_json: AsJson = False,
) -> int:
    """Add a library. Nothing is scanned yet."""
    from shelfread.cli.shelves import add

    flags = _flags(follow_symlinks, ignore_ctime, ignore_inode)
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
    wanted = Wanted(
        name=os.fsencode(name) if name is not None else None,
        flags=_flags(follow_symlinks, ignore_ctime, ignore_inode),
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
