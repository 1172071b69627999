"""The licence table of README.md, from what the packages of the runtime lock say of themselves.

`python tools/licences.py` writes it, `--check` fails when it is out of date. Part of `make check`.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.lock"
README = ROOT / "README.md"
BEGIN, END = "<!-- licences: begin -->\n", "<!-- licences: end -->\n"

#: Names of classifiers and old fields, as SPDX has them.
_SPDX = {"MIT License": "MIT", "ISC License (ISCL)": "ISC", "ISC License": "ISC", "BSD License": "BSD"}


def licence_of(package: Distribution) -> str:
    """What a package says its licence is, in the newest of the ways there are to say it.

    Raises:
        ValueError: it says nothing.
    """
    said = _all(package, "License-Expression")
    if not said:
        # The old field holds a name or several, or the whole text.
        said = [field for field in _all(package, "License") if len(field) < 80 and "\n" not in field]
    if not said:
        trove = [line for line in _all(package, "Classifier") if line.startswith("License ::")]
        said = [" and ".join(line.rpartition(" :: ")[2] for line in trove)]
    if not said[0]:
        raise ValueError(f"{package.name} does not say its licence")
    return _SPDX.get(said[0], said[0])


def _all(package: Distribution, field: str) -> list[str]:
    return [str(value) for value in package.metadata.get_all(field) or ()]


def table() -> str:
    """The packages of the runtime lock by licence, as Markdown."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), flags=re.MULTILINE)
    by_licence: dict[str, list[str]] = {}
    for name in names:
        by_licence.setdefault(licence_of(distribution(name)), []).append(name)
    lines = [f"| {licence} | {', '.join(sorted(by_licence[licence]))} |\n" for licence in sorted(by_licence)]
    return "".join(["| licence | packages |\n", "|---|---|\n", *lines])


def main() -> int:
    """Write the table, or say that it is out of date."""
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = before + BEGIN + table() + END + after
    if text == wanted:
        return 0
    if "--check" in sys.argv[1:]:
        print("the licence table of README.md is out of date: run `.venv/bin/python tools/licences.py`")
        return 1
    if BEGIN not in text or END not in text:
        print(f"README.md has no place for the table: {BEGIN.strip()} and {END.strip()}")
        return 1
    README.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
