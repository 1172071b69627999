"""What a process imports before it does anything: thousands are started, and most of it is their start."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: What is large and used by few. The object mapper nobody uses.
LARGE = {"PIL", "alembic", "argon2", "fastapi", "pydantic", "sqlalchemy", "sqlalchemy.orm", "typer"}


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        ("import shelfread.scan.child, shelfread.scan.walker", set()),
        ("import shelfread.scan.child, shelfread.scan.parser, shelfread.media.music", set()),
        ("import shelfread.scan.child, shelfread.scan.parser, shelfread.media.books", set()),
        ("import shelfread.scan.child, shelfread.scan.parser, shelfread.media.video", set()),
        ("import shelfread.tasks.cover_child", {"PIL"}),
        ("import shelfread.tasks.child, shelfread.kinds", {"sqlalchemy"}),
        ("import shelfread.cli.program", {"typer"}),
        ("import shelfread.cli.shelves", {"sqlalchemy", "pydantic"}),
        ("import shelfread.cli.scan", {"sqlalchemy", "pydantic"}),
        ("import shelfread.cli.jobs_list", {"sqlalchemy", "pydantic"}),
    ],
)
def test_a_process_imports_of_the_large_libraries_only_what_it_needs(program: str, needed: set[str]) -> None:
    asked = f"{program}\nimport sys\nprint(*({LARGE} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == needed


def test_whoever_wants_the_object_mapper_gets_it() -> None:
    asked = (
        "from shelfread.store.database import AsyncEngine\n"
        "from sqlalchemy.ext import asyncio\n"
        "print(asyncio.AsyncSession.__name__, asyncio.AsyncEngine is AsyncEngine)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["AsyncSession", "True"]
