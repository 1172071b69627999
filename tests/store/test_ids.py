"""`store.ids`: every id is given once, on both databases, whoever asks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from shelfread.store.database import Database
from shelfread.store.ids import BLOCK, IdBlocks, next_id

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _next(database: Database, name: str, count: int = 1) -> int:
    async def work(connection: Any) -> int:
        return await next_id(connection, name, count)

    return await database.write(work)


async def test_ids_rise_from_one_without_a_gap(database: Database) -> None:
    assert [await _next(database, "folders") for _ in range(3)] == [1, 2, 3]
    assert await _next(database, "folders", 10) == 4
    assert await _next(database, "folders") == 14
    assert await _next(database, "artists") == 1


async def test_a_table_nobody_counted_before_starts_at_one(database: Database) -> None:
    assert await _next(database, "something_new", 5) == 1
    assert await _next(database, "something_new") == 6


async def test_blocks_give_every_id_once_and_ask_seldom(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    genuine = database.write

    async def counting(work: Any) -> Any:
        nonlocal asked
        asked += 1
        return await genuine(work)

    monkeypatch.setattr(database, "write", counting)
    ids = IdBlocks(database)
    given = []
    for _ in range(BLOCK // 100 + 1):
        await ids.reserve({"folders": 100, "artists": 1})
        given += [ids.take("folders") for _ in range(100)]
    assert len(set(given)) == len(given)
    assert asked == 2


async def test_a_large_wish_is_fulfilled_at_once(database: Database) -> None:
    ids = IdBlocks(database)
    await ids.reserve({"folders": 3 * BLOCK})
    given = [ids.take("folders") for _ in range(3 * BLOCK)]
    assert given == list(range(given[0], given[0] + 3 * BLOCK))


async def test_what_was_not_reserved_is_not_given(database: Database) -> None:
    ids = IdBlocks(database)
    await ids.reserve({"folders": 0})
    with pytest.raises((RuntimeError, KeyError)):
        ids.take("folders")
    await ids.reserve({"folders": BLOCK})
    for _ in range(BLOCK):
        ids.take("folders")
    with pytest.raises(RuntimeError, match="no id of folders was reserved"):
        ids.take("folders")


async def test_several_stocks_of_one_database_never_meet(database: Database) -> None:
    stocks = [IdBlocks(database) for _ in range(4)]

    async def use(ids: IdBlocks) -> list[int]:
        given = []
        for _ in range(5):
            await ids.reserve({"folders": 1000})
            given += [ids.take("folders") for _ in range(1000)]
            await asyncio.sleep(0)
        return given

    given = [number for part in await asyncio.gather(*map(use, stocks)) for number in part]
    assert len(given) == len(set(given)) == 20_000


_TAKE = """
import asyncio, sys
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks, next_id

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    async def one(connection):
        return await next_id(connection, "folders")
    given = []
    for _ in range(20):
        ids = IdBlocks(database)
        await ids.reserve({"folders": 7})
        given += [ids.take("folders") for _ in range(7)]
        given.append(await database.write(one))
    print(*given)
    await database.close()

asyncio.run(main())
"""


async def test_processes_side_by_side_never_give_one_id_twice(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    started = [subprocess.Popen([sys.executable, "-c", _TAKE, url], **pipes, text=True) for _ in range(3)]

    def race() -> list[str]:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        return [process.communicate()[0] for process in started]

    given = [int(word) for answer in await asyncio.to_thread(race) for word in answer.split()]
    assert len(given) == 3 * 20 * 8
    assert len(set(given)) == len(given)
