"""`shelfread jobs verify`: whether the stored history can have happened."""

from __future__ import annotations

from shelfread.cli.jobs_words import short
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FAILED, FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, shown, write_json
from shelfread.queue.verify import Verification, Violation


def verify_jobs(as_json: bool) -> int:
    """Check all jobs; gives 1 when something is wrong. Warnings are told and are no failure."""

    async def work(_: Interrupts) -> int:
        paper = Paper()
        violations: list[Violation] = []
        wrong = warnings = 0
        async with catalogue() as app:
            verification = Verification(app.database)
            async for violation in verification.violations():
                wrong += not violation.warning
                warnings += violation.warning
                if as_json:
                    violations.append(violation)
                else:
                    _print_violation(paper, violation)
        if as_json:
            write_json(
                {
                    "jobs": verification.jobs,
                    "jobs_without_events": verification.skipped,
                    "events": verification.events,
                    "violations": [violation._asdict() for violation in violations],
                }
            )
            return FAILED if wrong else FINE
        seen = f"{counted(verification.jobs, 'job')} with {counted(verification.events, 'event')}"
        if verification.skipped:
            seen += f", {counted(verification.skipped, 'job')} from before there were events"
        told = f", {counted(warnings, 'warning')}" if warnings else ""
        if wrong:
            paper.line(("red", f"{counted(wrong, 'violation')}{told} in {seen}."))
            return FAILED
        paper.line(("green", f"Nothing is wrong{told}: {seen}."))
        return FINE

    return run(work)


def _print_violation(paper: Paper, violation: Violation) -> None:
    word, colour = ("warning", "yellow") if violation.warning else ("wrong", "red")
    paper.line(
        (colour, f"{word:<7}  {violation.invariant}  "),
        ("bold", f"{short(violation.job_id) or '-':<8}  "),
        ("", shown(violation.what)),
    )
