"""Whether a file that was not listed is gone: one more look, with a word on what is there instead.

Used by `reconcile` before anything is marked, and by whoever takes a person's word that something is gone.
Blocking; it looks at names and reads nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence

from shelfread.scan.folder import joined
from shelfread.store.removals import Candidate


def is_gone(path: bytes) -> bool:
    """Whether a path is surely gone: one lstat that says so, not one that fails for another reason."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_there(path: bytes) -> bool:
    """Whether something can be seen at a path. What cannot be looked at is neither there nor surely gone."""
    try:
        os.lstat(path)
    except OSError:
        return False
    return True


def what_is_gone(roots: Mapping[int, bytes], held: Sequence[Candidate]) -> tuple[list[int], set[int]]:
    """The files among some that are surely gone, and of those the ones whose folder is gone, too."""
    gone: list[int] = []
    with_folder: set[int] = set()
    for one in held:
        path = joined(roots[one.root_id], one.path)
        if is_gone(path):
            gone.append(one.file_id)
            if is_gone(os.path.dirname(path)):
                with_folder.add(one.file_id)
    return gone, with_folder


def look_again(
    roots: dict[int, bytes],
    page: Sequence[Candidate],
    passed: set[tuple[int, bytes]],
    started_ns: int,
) -> tuple[list[Candidate], list[Candidate]]:
    """Those that are back, or cannot be looked at; and those that were there and passed over by a rule."""
    late: list[Candidate] = []
    there: list[Candidate] = []
    for found in page:
        path = joined(roots[found.root_id], found.path)
        try:
            status = os.lstat(path)
        except OSError:
            if not is_gone(path):
                late.append(found)
            continue
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            # Only the walk can tell a rule from a disk that was away for a moment.
            hidden = any((found.root_id, above) in passed for above in _and_above(found.path))
            (there if hidden and status.st_ctime_ns < started_ns else late).append(found)
    return late, there


def _and_above(path: bytes) -> Iterator[bytes]:
    while path:
        yield path
        path = path.rpartition(b"/")[0]
