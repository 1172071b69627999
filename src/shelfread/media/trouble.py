"""Trouble that a reader meets in a file: raised where it is found, made into data before it leaves the kind.

Stands below the readers of all kinds. `model/problem.py` has the closed list of codes.
"""

from __future__ import annotations

from shelfread.model.problem import ProblemCode


class MediaTrouble(Exception):
    """A file cannot be read, or not whole: a code from the closed list and a line for people."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
