"""When a library is to be scanned by itself, as people choose it: a few usual times, or cron's own words.

Knows no page.
"""

from __future__ import annotations

from shelfread.web.forms import Form

#: The cron text of each choice; "" is never, "own" takes what was typed beside.
CHOICES = (
    ("", "Never"),
    ("0 3 * * *", "Every night at 3"),
    ("0 * * * *", "Every hour"),
    ("0 4 * * SUN", "Sundays at 4 in the morning"),
    ("own", "At other times"),
)


def as_chosen(cron: str | None) -> dict[str, str]:
    """A schedule as a form has it.

    Args:
        cron: its text; None when there is none.
    """
    known = cron is None or cron in dict(CHOICES)
    return {"every": (cron or "") if known else "own", "cron": "" if known else cron or ""}


def chosen_in(form: Form) -> dict[str, str]:
    """What a form says."""
    return {"every": form.text("every"), "cron": form.text("cron")}


def cron_of(chosen: dict[str, str]) -> str | None:
    """The cron text that was chosen; None for never. What it says is judged by the API."""
    every = chosen["every"]
    return (chosen["cron"] if every == "own" else every) if every else None
