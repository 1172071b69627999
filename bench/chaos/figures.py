"""What a run says: on the terminal, and in `bench/results` when it is to be kept."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.chaos.faults import Kind
from bench.chaos.judge import TOLD
from bench.chaos.session import Outcome

_INVARIANTS = ("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "ids", "leave")


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(outcome: Outcome) -> str:
    """Everything, as Markdown that reads well as plain text."""
    wanted = outcome.wanted
    counted = outcome.counted
    facts = machine.facts()
    lines = [
        f"# Chaos, {wanted.database}" + ("" if wanted.fence else ", without the fence"),
        "",
        " · ".join(f"{name} {value}" for name, value in facts.items() if name != "sqlite")
        + f" · {wanted.database} {outcome.database_version}",
        "",
        f"seed {wanted.seed}, {wanted.faults} faults planned, {len(counted)} hit a running job, "
        f"{outcome.took_s:.0f} s in all, lease {wanted.lease_s:g} s, libraries of "
        f"{', '.join(map(str, wanted.sizes))} files; {outcome.times.jobs} jobs, {outcome.times.events} "
        f"events, workers started {outcome.starts} times",
        "",
        "| fault | hit a running job |",
        "|---|---:|",
    ]
    kinds = Counter(line["kind"] for line in counted)
    lines += [f"| {kind.value} | {kinds[kind.name.lower()]} |" for kind in Kind if kinds[kind.name.lower()]]
    inside = sum(line.get("in_transaction", False) for line in counted)
    lines += [f"| all | {len(counted)} |", "", f"{inside} of them hit a process inside a transaction.", ""]
    wrong = Counter(violation.invariant for violation in outcome.violations)
    lines += ["| invariant | violations |", "|---|---:|"]
    lines += [f"| {name} | {wrong[name]} |" for name in _INVARIANTS]
    lines += [
        "",
        f"Ids compared: {outcome.times.ids} files, {outcome.times.ids_passed_over} of them passed over "
        "because they were moved while their library was being walked. Of "
        f"{outcome.times.ids_unknown} more none is expected: they came back under another name than the one "
        "that the catalogue had last, or were never seen before the last scan.",
    ]
    lines += ["", f"Jobs from the end of the faults to the last end: {outcome.peace_s:.1f} s.", ""]
    ends = ", ".join(f"{count} {words}" for words, count in outcome.times.ends.most_common())
    lines += [f"Ends of jobs: {ends}.", ""]
    lines += ["| time | cases | p50 s | p99 s | most s |", "|---|---:|---:|---:|---:|"]
    measured = {f"{kind}, to running again": values for kind, values in outcome.times.rescue.items()}
    measured |= {
        "cancel, to the last write": outcome.times.last_write,
        "cancel, to the end": outcome.times.cancelled,
        "told to leave, to gone": outcome.leaving_s,
    }
    for name, values in measured.items():
        if values:
            lines.append(
                f"| {name} | {len(values)} | {percentile(values, 0.5):.3f} | {percentile(values, 0.99):.3f} "
                f"| {max(values):.3f} |"
            )
    lines += ["", *(f"* {note}" for note in outcome.notes)]
    return "\n".join(lines).rstrip() + "\n"


def violations(outcome: Outcome) -> str:
    """What was wrong, the first of each sort."""
    told: Counter[str] = Counter()
    lines = []
    for violation in outcome.violations:
        told[violation.invariant] += 1
        if told[violation.invariant] <= TOLD:
            lines.append(f"{violation.invariant}: {violation.what}")
    return "\n".join(lines)


def save(outcome: Outcome, folder: Path) -> Path:
    """Keep the report under today's date."""
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}-chaos-{outcome.wanted.database}.md"
    path.write_text(report(outcome), encoding="utf-8")
    return path
