"""`python -m bench.chaos --database sqlite|postgresql|both --faults N --seed S [--save]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bench.chaos import faults, figures
from bench.chaos.faults import Kind
from bench.chaos.session import Wanted, run


def main() -> int:
    """Run it; 0 when nothing was wrong, or when the control found something."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Break the queue on purpose.")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--faults", type=int, default=200, help="how many are planned, for each database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="no fault is begun after so many")
    parser.add_argument("--only", help="kinds of faults, with commas between them")
    parser.add_argument("--no-fence", action="store_true", help="the control: it must find violations")
    parser.add_argument("--plan", action="store_true", help="only print what would be done")
    parser.add_argument("--save", action="store_true", help="keep the report in bench/results")
    options = parser.parse_args()
    good = True
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        weights = faults.CONTROL if options.no_fence else faults.weights(database)
        if options.only:
            some = [Kind[name.upper()] for name in options.only.split(",")]
            weights = {kind: faults.weights(database).get(kind, 1.0) for kind in some}
        wanted = Wanted(
            database,
            options.faults,
            options.seed,
            fence=not options.no_fence,
            weights=weights,
            at_most_s=options.minutes * 60,
        )
        print(f"{database}, seed {options.seed}: the plan")
        for fault in wanted.plan():
            print(fault)
        if options.plan:
            continue
        outcome = asyncio.run(run(wanted))
        print()
        print(figures.report(outcome))
        print(figures.violations(outcome), flush=True)
        good = good and bool(outcome.violations) is options.no_fence
        if options.save:
            print(f"kept in {figures.save(outcome, Path(__file__).parent.parent / 'results')}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
