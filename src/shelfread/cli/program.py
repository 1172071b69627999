"""All commands of `shelfread`, and the one place where an exception becomes a line and an exit code.

A command is a function here with its options and help, and a module of its own that does the work and is
imported when the command runs. Knows no library, no scan and no database.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from shelfread import __version__
from shelfread.cli import accounts, database, jobs, library, missing, same, schedules
from shelfread.cli.choices import AsJson, IdOption, KindChoice, ModeOption, RescanOption
from shelfread.cli.outcome import FAILED, FINE, USAGE, explain
from shelfread.cli.texts import complain, safe_streams
from shelfread.scan.plan import Mode

app = typer.Typer(
    name="shelfread",
    help="Keeps a true, live catalogue of the media you own.",
    epilog="Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 done with problems, 130 interrupted.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(library.app, name="library")
app.add_typer(jobs.app, name="jobs")
app.add_typer(schedules.app, name="schedule")
app.add_typer(missing.app, name="missing")
app.add_typer(same.app, name="same")
app.add_typer(accounts.tokens, name="token")
app.add_typer(accounts.users, name="user")
app.add_typer(database.app, name="db")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shelfread {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)


@app.command("scan")
def _scan(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Folders to scan, here and now.")],
    kind: Annotated[
        KindChoice | None,
        typer.Option("--kind", help="The kind of media; otherwise what a new folder has most of."),
    ] = None,
    rescan: RescanOption = False,
    mode: ModeOption = Mode.BATCHED,
    as_json: AsJson = False,
) -> int:
    """Scan folders here and now.

    The library of a folder is found, or made and named after it.
    A folder inside a root of a library scans that part only.
    """
    from shelfread.cli.scan import scan_paths

    return scan_paths(
        [os.fsencode(path) for path in paths], kind.value if kind else None, rescan, mode, as_json
    )


@app.command("problems")
def _problems(
    library_id: IdOption = None,
    ignored: Annotated[bool, typer.Option("--ignored", help="Only those that were set aside.")] = False,
    as_json: AsJson = False,
) -> int:
    """List what is wrong with files and folders, until it is put right."""
    from shelfread.cli.problems import problems

    return problems(library_id, ignored, as_json)


@app.command("inspect")
def _inspect(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE...]", help="Files to read.")] = None,
    kind: Annotated[
        KindChoice | None,
        typer.Option("--kind", help="The kind of media; otherwise the name of each file says it."),
    ] = None,
    names: Annotated[
        bool,
        typer.Option("--names", help="Read names or relative paths from standard input, one a line."),
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="With --names: they are separated by NUL bytes.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say whether a scan takes each path, and which rule decides."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show what the scanner reads in files, or in bare names. Touches no database.

    With --explain it reads no file, and looks in the catalogue for the libraries that the paths lie in.
    """
    from shelfread.cli.inspect import inspect_files, inspect_names

    if null and not names:
        raise typer.BadParameter("-0 goes with --names")
    if explain:
        if names or not files:
            raise typer.BadParameter("--explain goes with a PATH, and not with --names")
        from shelfread.cli.explain import explain_paths

        return explain_paths([os.fsencode(file) for file in files], kind.value if kind else None, as_json)
    if names:
        if files:
            raise typer.BadParameter("--names reads standard input and takes no FILE")
        return inspect_names(kind.value if kind else None, null, as_json)
    if not files:
        raise typer.BadParameter("which FILE? (or --names, to read names from standard input)")
    return inspect_files([os.fsencode(file) for file in files], kind.value if kind else None, as_json)


@app.command("export")
def _export(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A file that is not there yet, or - for standard output.")
    ],
    as_json: AsJson = False,
) -> int:
    """Write down what no scan finds again: libraries, ids, added dates. Lines of JSON.

    Accounts, tokens and the history of jobs are not in it.
    """
    from shelfread.cli.transfer import export_to

    return export_to(file, as_json)


@app.command("import")
def _import(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An export, or - for standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all of it, and change nothing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Fill an empty catalogue with an export; the next scans give files their ids and dates back."""
    from shelfread.cli.transfer import import_from

    return import_from(file, dry_run, as_json)


@app.command("doctor")
def _doctor(as_json: AsJson = False) -> int:
    """Check the installation and the catalogue, and change nothing."""
    from shelfread.cli.doctor import doctor

    return doctor(as_json)


@app.command("serve")
def _serve(
    host: Annotated[
        str | None, typer.Option("--host", help="The address to listen on, instead of SHELFREAD_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65_535, help="Its port; 0 lets the system choose one."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=0, max=64, help="Jobs side by side; 0 does none here."),
    ] = None,
    without_login: Annotated[
        bool,
        typer.Option("--no-auth", help="Ask nobody for a login; works on loopback addresses only."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Serve HTTP, work off the queue, and start scheduled scans, until told to stop.

    Signals: SIGTERM or Ctrl-C stops in order, SIGHUP reads the settings again, SIGUSR1 takes no new work.
    """
    from shelfread.cli.serve import serve

    return serve(host, port, workers, as_json, without_login)


@app.command("worker")
def _worker(
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            metavar="N",
            min=1,
            max=64,
            help="Jobs side by side, instead of SHELFREAD_WORKER_COUNT.",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do at most one job, and end.")] = False,
) -> int:
    """Work off the queue without HTTP, until told to stop.

    Signals: SIGTERM or Ctrl-C stops in order, SIGHUP reads the settings again, SIGUSR1 finishes what runs
    and ends.
    """
    from shelfread.cli.worker import work_off

    return work_off(count, once)


def run() -> int:
    """Run the command line of this process; gives its exit code and lets no exception out."""
    safe_streams()
    try:
        code: object = app(standalone_mode=False, prog_name="shelfread")
        sys.stdout.flush()
        return code if isinstance(code, int) else FINE
    except TyperException as error:
        complain(" ".join(error.format_message().replace("Value error, ", "").split()))
        return error.exit_code
    except (Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough. Python would complain once more when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last place: a line for people instead of a traceback
        line, code = explain(error)
        complain(line)
        return code
