"""The servers that tests of the API stand on answer, and know their tokens."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_server_in_this_process_and_one_of_its_own_answer(live: Live, live_process: Live) -> None:
    for one in (live, live_process):
        assert (await one.ask("GET", "/healthz", token=None)).json() == {"status": "ok"}
        assert (await one.ask("GET", "/readyz")).status_code == 200
