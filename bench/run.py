"""The benchmark: `python -m bench.run`. Shelfread beside what is installed of its peers, in one run.

What is scanned is in `music`, `books` and `video`, how contestants take turns in `rounds`; what is compared
is always of the same round.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import books, growth, machine, music, report, video
from bench.measure import Contestant, Unavailable
from bench.peers import OF_BOOKS, OF_VIDEOS, ON_REQUEST, PEERS
from bench.report import Table
from bench.rounds import Rounds

_CHECKOUT = Path(__file__).resolve().parent.parent
SCENARIOS = (*music.SCENARIOS, *books.SCENARIOS, *video.SCENARIOS, *growth.SCENARIOS)
_NOTES = (
    "Contestants take turns; ratios are of the same round, and their median is shown. Of steps under a "
    "second the middle one of three counts in each round.",
    "Memory is the peak of the sum of PSS of all processes of a contestant, sampled in a round of its own "
    "that is not timed; what is measured once only has both at the same time.",
    "The settle time is 0 for Shelfread: nobody can set a ctime, and with 0 a file that was just restored is "
    "old. So the digest of a changed folder is stored at once, not by the first scan ten seconds later.",
    f"{music.CHANGED_PART:.0%} changed: every other one of the chosen files is retagged, the rest touched.",
    "Files a second of the first tenth count from the claim, so they include the start of the scan.",
    "others: processors that were busy with anything else meanwhile.",
)


def measure(rounds: Rounds) -> list[Table]:
    """Measure all scenarios that were asked for."""
    wanted = set(rounds.given.scenario or SCENARIOS)
    names = [name for name in PEERS if name in rounds.given.peers]
    if rounds.given.with_python_peers:
        names += [name for name in ON_REQUEST if name not in names]
    # Whom nobody needs is not installed.
    if not wanted & set(music.SCENARIOS):
        knowing = OF_BOOKS + (OF_VIDEOS if "videos" in wanted else ())
        names = [name for name in names if name in knowing]
    if "comics" not in wanted:
        names = [name for name in names if name != "codex"]
    peers: list[Contestant] = []
    for name in names:
        peer = PEERS[name](_CHECKOUT / ".local" / "peers")
        if why := peer.missing():
            rounds.say(f"Left out: {why}")
        else:
            peers.append(peer)
    beside_music = [peer for peer in peers if peer.name != "codex"]
    return [
        *music.measure(rounds, wanted, beside_music),
        *books.measure(rounds, wanted, peers),
        *video.measure(rounds, wanted, peers),
        *growth.measure(rounds, wanted),
    ]


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.run", description="Measures Shelfread beside its peers."
    )
    parser.add_argument("--tracks", type=int, default=10_000, help="size of the music corpus")
    parser.add_argument("--files", type=int, default=200_000, help="size of the tree of small files")
    parser.add_argument("--comics", type=int, default=500, help="how many comics of 20 pages")
    parser.add_argument("--epubs", type=int, default=5_000, help="how many EPUBs")
    parser.add_argument("--covers", type=int, default=200, help="how many comics of one large page")
    parser.add_argument("--many-comics", type=int, default=100_000, help="how many tiny comics")
    parser.add_argument("--videos", type=int, default=2_000, help="how many films and episodes")
    parser.add_argument("--large", type=int, default=1_000_000, help="size of the collection that has grown")
    parser.add_argument(
        "--catalogue",
        type=Path,
        metavar="FILE",
        help="one of that collection, as --keep leaves it: its first scan is not done again",
    )
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds (default: 3)")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="several times; default: all")
    parser.add_argument(
        "--peers",
        type=lambda text: text.split(","),
        default=[name for name in PEERS if name not in ON_REQUEST],
        help=f"of {','.join(PEERS)}; or none",
    )
    parser.add_argument(
        "--with-python-peers",
        action="store_true",
        help="also beets, supysonic and codex, installed into .local/peers from PyPI; some minutes",
    )
    parser.add_argument(
        "--database", metavar="URL", help="a PostgreSQL server to use instead of SQLite files"
    )
    parser.add_argument(
        "--quiet",
        type=float,
        default=0,
        metavar="MINUTES",
        help="on a machine that has other work: wait for quiet moments, and do again what was disturbed",
    )
    parser.add_argument("--save", metavar="NAME", help="write bench/results/DATE-NAME.json and .md")
    parser.add_argument("--keep", action="store_true", help="keep the databases and say where they are")
    parser.add_argument(
        "--corpora", type=Path, default=_CHECKOUT / ".local" / "bench", help="where the corpora are kept"
    )
    parser.add_argument("--results", type=Path, default=_CHECKOUT / "bench" / "results", help="for --save")
    given = parser.parse_args(words)
    if unknown := set(given.peers) - {*PEERS, "none"}:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    sizes = (given.tracks, given.files, given.comics, given.epubs, given.covers, given.many_comics)
    if min(*sizes, given.videos, given.large, given.rounds) < 1:
        parser.error("sizes and --rounds are at least 1")
    given.corpora = given.corpora.absolute()
    return given


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the report, and save it when asked."""
    given = arguments(words)
    load = machine.load()
    scratch = Path(tempfile.mkdtemp(prefix="shelfread-bench-"))
    rounds = Rounds(given, scratch)
    try:
        tables = measure(rounds)
    except Unavailable as error:
        print(f"Shelfread cannot be measured: {error}", file=sys.stderr)
        return 1
    finally:
        if given.keep:
            print(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    notes = [*_NOTES, f"The load of the machine was {load:.2f} before the run.", *rounds.notes]
    found = report.summary(
        tables,
        facts=machine.facts(),
        parameters={
            "tracks": given.tracks,
            "files": given.files,
            "comics": given.comics,
            "EPUBs": given.epubs,
            "covers": given.covers,
            "tiny comics": given.many_comics,
            "videos": given.videos,
            "rounds": given.rounds,
            "database": "PostgreSQL" if given.database else "SQLite",
        },
        about=rounds.about,
        notes=notes,
    )
    print("\n" + report.markdown(found))
    if given.save:
        for file in report.save(found, given.results, given.save):
            print(f"saved: {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
