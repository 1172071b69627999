"""What a line of the log belongs to: the request or the job in whose course it was written.

Bound to the task that runs and to those it starts. Knows no log; `cli.logs` writes the ids into its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default={})  # noqa: B039 - never changed in place


def ids() -> Mapping[str, str]:
    """What is bound here: `request_id`, `job_id`, both or neither."""
    return _ids.get()


@contextmanager
def bound(**more: str) -> Iterator[None]:
    """Bind ids for what happens within."""
    before = _ids.set({**_ids.get(), **more})
    try:
        yield
    finally:
        _ids.reset(before)
