"""Files that are there and left out by a rule since the scan before: how many, and by which rule."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HiddenBy:
    """Files that a scan marked missing although they are there, and the one reason for it."""

    files: int
    #: The word for programs: `excluded` when people wrote the rule, else that of a built-in one.
    why: str
    #: The root in which they are.
    root: bytes
    #: The ignore file, relative to the root; None for rules of the library's options, and built-in ones.
    file: bytes | None = None
    #: Its line, from 1; of the options the how-manieth. None when there is no such rule.
    line: int | None = None
    #: What stands there; None when the file is the rule by being there (`.nomedia`), or there is no rule.
    rule: bytes | None = None

    @property
    def path(self) -> bytes | None:
        """The ignore file, absolute."""
        return os.path.join(self.root, self.file) if self.file is not None else None

    def to_json(self) -> dict[str, Any]:
        """As the report of the job has it."""
        file, rule = (text.decode("utf-8", "replace") if text else None for text in (self.path, self.rule))
        return {"files": self.files, "why": self.why, "rule": rule, "file": file, "line": self.line}
