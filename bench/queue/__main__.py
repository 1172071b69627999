"""`python -m bench.queue`: measure the parts that were asked for, print one table, save it when asked."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from bench import machine
from bench.measure import Unavailable
from bench.queue import cancel, contention, figures, kill, latency, overhead, split
from bench.queue.processes import CHECKOUT
from bench.queue.stand import Measure, Stand

PARTS: dict[str, ModuleType] = {
    part.NAME: part for part in (latency, kill, cancel, contention, overhead, split)
}
DATABASES = ("sqlite", "postgresql")
_NOTES = (
    "Servers and workers are the installed program in processes of their own, with the settings it has by "
    "itself, except for a settle time of 0 (nobody can set a ctime). All clocks are of one machine.",
    "SQLite databases are fresh files on disk. PostgreSQL is a server of its own as it comes, every commit "
    "waits for the disk; only autovacuum is off, whose writes would be taken for those of jobs.",
    "Percentiles are the least sample that so many percent do not exceed: of few samples p99 is the largest.",
    "Every file of the corpora was read once before: the page cache is warm.",
)


def several(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Reads names with commas between them, each one of these; gives them in this order."""

    def read(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := set(wanted) - set(known):
            raise argparse.ArgumentTypeError(f"not one of {', '.join(known)}: {', '.join(sorted(unknown))}")
        return [name for name in known if name in wanted]

    return read


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.queue", description="Measures the queue.")
    add = parser.add_argument
    add("--only", type=several(list(PARTS)), default=list(PARTS), help=f"of {','.join(PARTS)}")
    add("--databases", type=several(DATABASES), default=list(DATABASES), help="sqlite, postgresql or both")
    add("--rounds", type=int, default=3, help="rounds of latency, overhead and split (default: 3)")
    add("--samples", type=int, default=102, help="latency: requests in all rounds (default: 102)")
    add("--kills", type=int, default=20, help="kill: of warm children (default: 20)")
    add("--kills-of-workers", type=int, default=10, help="kill: of whole workers (default: 10)")
    add(
        "--stops",
        type=int,
        default=2,
        help="kill: of workers that go silent; each takes a lease (default: 2)",
    )
    add("--cancels", type=int, default=50, help="cancel: how many (default: 50)")
    add(
        "--moment",
        type=float,
        default=4,
        help="kill, cancel: at most so late in a scan, seconds (default: 4)",
    )
    add(
        "--slow-ms",
        type=float,
        default=0,
        help="kill, cancel: each file takes longer by this, for small corpora",
    )
    add("--seconds", type=float, default=60, help="contention: seconds of scans, each way (default: 60)")
    add("--run-seconds", type=float, default=60, help="overhead: seconds of scans in a run (default: 60)")
    add("--overhead-of", type=several(("music", "tree")), default=["music", "tree"], help="overhead: corpora")
    add("--file-ms", type=float, default=5, help="split: each file takes longer by this (default: 5)")
    add("--tracks", type=int, default=10_000, help="size of the music corpus")
    add("--files", type=int, default=200_000, help="size of the tree of small files")
    add("--seed", type=int, default=1, help="chooses the random moments")
    add("--quiet", type=float, default=0, metavar="MINUTES", help="wait for quiet moments, so long in all")
    add("--save", metavar="NAME", nargs="?", const="queue", help="write bench/results/DATE-NAME.json and .md")
    add("--corpora", type=Path, default=CHECKOUT / ".local" / "bench", help="where the corpora are kept")
    add("--results", type=Path, default=CHECKOUT / "bench" / "results", help="for --save")
    given = parser.parse_args(words)
    if min(given.rounds, given.samples, given.tracks, given.files) < 1:
        parser.error("--rounds, --samples, --tracks and --files are at least 1")
    given.corpora = given.corpora.absolute()
    return given


async def measured(stand: Stand) -> None:
    """All parts that were asked for, one after the other."""
    for name in stand.given.only:
        part = PARTS[name]
        measure: Measure = part.measure
        print(f"{name}:", flush=True)
        with stand.watched(name):
            await measure(stand)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table, and save it when asked."""
    given = arguments(words)
    load = machine.load()
    # Told to leave, it leaves no server and no worker behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    scratch = Path(tempfile.mkdtemp(prefix="shelfread-bench-"))
    stand = Stand(given, scratch, quiet_until=time.monotonic() + 60 * given.quiet)
    try:
        asyncio.run(measured(stand))
    except Unavailable as error:
        print(f"The queue cannot be measured: {error}", file=sys.stderr)
        return 1
    finally:
        stand.close()
        shutil.rmtree(scratch, ignore_errors=True)
    found = figures.summary(
        stand.figures,
        facts=machine.facts(),
        parameters={
            "tracks": given.tracks,
            "files": given.files,
            "rounds": given.rounds,
            "seed": given.seed,
            "pause of a file in split": f"{given.file_ms:g} ms",
        },
        meanings={name: PARTS[name].MEANING for name in given.only},
        notes=[*_NOTES, f"The load of the machine was {load:.2f} before the run.", *stand.notes],
    )
    print("\n" + figures.markdown(found))
    if given.save:
        for file in figures.save(found, given.results, given.save):
            print(f"saved: {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
