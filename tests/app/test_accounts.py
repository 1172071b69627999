"""`app.accounts`: passwords, sessions, tokens and the first set-up, on both databases."""

from __future__ import annotations

import asyncio
import runpy
import threading
from unittest import mock

import pytest
import sqlalchemy as sa

from shelfread.app import App, passwords
from shelfread.app.accounts import (
    SESSION_US,
    Accounts,
    SetUpAlready,
    WrongPassword,
    WrongSecret,
    digest_of,
)
from shelfread.app.passwords import Busy
from shelfread.model.account import AccountProblem, LastAdmin, NameInUse, Right
from shelfread.store import accounts as store
from shelfread.store.accounts import MOST_SESSIONS
from tests import catalogue

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "correct horse battery staple"
DAY_US = 86_400_000_000


class Clock:
    """A time that a test sets, in microseconds."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.now


async def _everything(app: App) -> str:
    return repr(await catalogue.rows(app.database))


# Users


async def test_a_user_logs_in_with_the_password_and_with_nothing_else(app: App) -> None:
    user = await app.accounts.add_user(" Ada ", PASSWORD, Right.SCAN)
    assert user.name == "Ada"
    for name in ("Ada", "ADA", "ada", " ada"):
        found = await app.accounts.verify(name, PASSWORD)
        assert found == user, name
    for name, password in [
        ("Ada", PASSWORD + " "),
        ("Ada", ""),
        ("Ada", "\udcff" * 8),
        ("Ada", PASSWORD * 100),
        ("Eve", PASSWORD),
        ("", PASSWORD),
        ("A\0da", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 10_000, PASSWORD),
    ]:
        assert await app.accounts.verify(name, password) is None, (name, password)


async def test_a_password_is_stored_as_argon2id_and_a_weaker_hash_is_made_anew(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    genuine = runpy.run_path(passwords.__file__)
    for cost in ("MEMORY_KIB", "PASSES"):
        monkeypatch.setattr(passwords, cost, genuine[cost])
    user = await app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    everything = await _everything(app)
    assert PASSWORD not in everything
    assert "$argon2id$v=19$m=65536,t=3,p=1$" in everything
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    async def weaken(connection: object) -> None:
        await connection.execute(sa.text("UPDATE users SET password_hash = :hash"), {"hash": weak})  # type: ignore[attr-defined]

    await app.database.write(weaken)
    assert await app.accounts.verify("ada", PASSWORD) == user
    assert weak not in await _everything(app)
    assert await app.accounts.verify("ada", PASSWORD) == user


async def test_an_unknown_name_takes_as_long_as_a_known_one(app: App) -> None:
    await app.accounts.add_user("ada", PASSWORD, Right.READ)
    asked: list[str] = []
    genuine = app.accounts._passwords._hasher

    class Seen:
        def verify(self, hashed: str, password: str) -> bool:
            asked.append(hashed[: hashed.rindex("p=1$")])
            return genuine.verify(hashed, password)

    with mock.patch.dict(vars(app.accounts._passwords), {"_hasher": Seen()}):
        for name in ("ada", "eve", "\0"):
            assert await app.accounts.verify(name, "wrong") is None
    assert len(asked) == 3
    assert len(set(asked)) == 1, "all with the same costs"


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 65, "\u202eada", "a\0"])
async def test_a_name_that_nobody_can_read_is_refused(app: App, name: str) -> None:
    with pytest.raises(AccountProblem):
        await app.accounts.add_user(name, PASSWORD, Right.READ)
    assert await app.accounts.users() == []


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1025, "\ud800" * 8])
async def test_a_password_that_is_none_is_refused(app: App, password: str) -> None:
    with pytest.raises(AccountProblem):
        await app.accounts.add_user("ada", password, Right.READ)


async def test_two_users_cannot_have_one_name_also_when_they_come_at_once(app: App) -> None:
    names = ["Straße", "STRASSE", "strasse", "ＳＴＲＡＳＳＥ"]
    made = await asyncio.gather(
        *(app.accounts.add_user(name, PASSWORD, Right.READ) for name in names), return_exceptions=True
    )
    assert sum(isinstance(one, NameInUse) for one in made) == 3, made
    assert len(await app.accounts.users()) == 1


async def test_the_last_admin_stays_also_when_two_remove_each_other_at_once(app: App) -> None:
    first = await app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    await app.accounts.add_user("bob", PASSWORD, Right.SCAN)
    with pytest.raises(LastAdmin):
        await app.accounts.remove_user(first.id)
    second = await app.accounts.add_user("cleo", PASSWORD, Right.ADMIN)
    ended = await asyncio.gather(
        app.accounts.remove_user(first.id), app.accounts.remove_user(second.id), return_exceptions=True
    )
    assert ended.count(True) == 1
    assert sum(isinstance(one, LastAdmin) for one in ended) == 1
    assert not await app.accounts.remove_user(999)


async def test_no_more_than_two_passwords_are_hashed_at_a_time_and_few_may_wait(app: App) -> None:
    running = most = 0

    class Slow:
        def hash(self, _password: str) -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            threading.Event().wait(0.02)
            running -= 1
            return "hash"

    with mock.patch.dict(vars(app.accounts._passwords), {"_hasher": Slow()}):
        hashing = [app.accounts._passwords.hash("x") for _ in range(60)]
        ended = await asyncio.gather(*hashing, return_exceptions=True)
    assert most == 2
    assert sum(isinstance(one, Busy) for one in ended) >= 20
    assert ended.count("hash") >= 32
    assert await app.accounts._passwords.hash("x")


# Sessions


async def test_a_session_lasts_thirty_days_after_it_was_last_used(app: App) -> None:
    clock = Clock()
    here = Accounts(app.database, clock=clock)
    user = await here.add_user("ada", PASSWORD, Right.ADMIN)
    cookie = await here.log_in(user)
    assert cookie not in await _everything(app)
    for _ in range(3):
        clock.now += SESSION_US - 1
        visit = await here.of_session(cookie)
        assert visit is not None
        assert visit.renewed
        principal = visit.principal
        assert (principal.name, principal.user_id, principal.right) == ("ada", user.id, Right.ADMIN)
        await here.aclose()
    clock.now += SESSION_US
    assert await here.of_session(cookie) is None
    for wrong in ("", "x", cookie[:-1], cookie + "x", "\udcff", "x" * 100_000):
        assert await here.of_session(wrong) is None


async def test_looking_at_a_session_or_a_token_writes_seldom(app: App) -> None:
    clock = Clock()
    here = Accounts(app.database, clock=clock)
    cookie = await here.log_in(await here.add_user("ada", PASSWORD, Right.ADMIN))
    _, secret = await here.add_token("x", Right.READ)
    assert await here.of_token(secret) is not None
    await here.aclose()
    before = await _everything(app)
    for _ in range(20):
        clock.now += 1_000_000
        visit = await here.of_session(cookie)
        assert visit is not None
        assert not visit.renewed
        assert await here.of_token(secret) is not None
    await here.aclose()
    assert await _everything(app) == before


async def test_who_logs_out_or_is_removed_is_out_at_once(app: App) -> None:
    await app.accounts.add_user("root", PASSWORD, Right.ADMIN)
    user = await app.accounts.add_user("ada", PASSWORD, Right.READ)
    first, second = [await app.accounts.log_in(user) for _ in range(2)]
    await app.accounts.log_out(first)
    assert await app.accounts.of_session(first) is None
    assert await app.accounts.of_session(second) is not None
    assert await app.accounts.remove_user(user.id)
    assert await app.accounts.of_session(second) is None


async def test_another_password_ends_every_other_session(app: App) -> None:
    user = await app.accounts.add_user("ada", PASSWORD, Right.READ)
    mine, other = [await app.accounts.log_in(user) for _ in range(2)]
    with pytest.raises(WrongPassword):
        await app.accounts.change_password(user.id, "another one", before="wrong")
    with pytest.raises(AccountProblem):
        await app.accounts.change_password(user.id, "short", before=PASSWORD)
    assert await app.accounts.of_session(other) is not None
    assert await app.accounts.change_password(user.id, "another one", before=PASSWORD, session=mine)
    assert await app.accounts.of_session(mine) is not None
    assert await app.accounts.of_session(other) is None
    assert await app.accounts.verify("ada", PASSWORD) is None
    assert await app.accounts.verify("ada", "another one") == user
    assert not await app.accounts.change_password(999, "another one")
    assert not await app.accounts.change_password(999, "another one", before=PASSWORD)


async def test_sessions_do_not_pile_up(app: App) -> None:
    clock = Clock()
    here = Accounts(app.database, clock=clock)
    user = await here.add_user("ada", PASSWORD, Right.READ)
    cookies = []
    for _ in range(MOST_SESSIONS + 5):
        clock.now += 1
        cookies.append(await here.log_in(user))
    good = [cookie for cookie in cookies if await here.of_session(cookie) is not None]
    assert good == cookies[5:]
    clock.now += SESSION_US
    await here.log_in(user)
    assert len((await catalogue.rows(app.database))["sessions"]) == 1


# Tokens


async def test_a_token_opens_until_it_is_revoked_or_over_and_its_secret_is_nowhere(app: App) -> None:
    clock = Clock()
    here = Accounts(app.database, clock=clock)
    token, secret = await here.add_token("backup", Right.SCAN, clock.now + DAY_US)
    lasting, other = await here.add_token("backup", Right.READ)
    everything = await _everything(app)
    assert secret not in everything
    assert repr(digest_of(secret)) in everything
    visit = await here.of_token(secret)
    assert visit is not None
    principal = visit.principal
    assert (principal.name, principal.token_id, principal.user_id) == ("backup", token.id, None)
    assert principal.scopes == {"read", "scan"}
    await here.aclose()
    assert [one.used_at for one in await here.tokens()] == [clock.now, None]
    clock.now += DAY_US
    assert await here.of_token(secret) is None
    assert await here.of_token(other) is not None
    assert (await here.revoke_token(lasting.id)) is not None
    assert await here.of_token(other) is None
    first = clock.now
    clock.now += 1
    again = await here.revoke_token(lasting.id)
    assert again is not None
    assert again.revoked_at == first
    assert await here.revoke_token(999) is None
    for wrong in ("", "x", secret[:-1], "shelfread_", "shelfread_" + "x" * 100_000, "shelfread_\udcff"):
        assert await here.of_token(wrong) is None
    with pytest.raises(AccountProblem):
        await here.add_token("late", Right.READ, clock.now)
    await here.aclose()


async def test_a_database_that_cannot_be_written_keeps_nobody_out(app: App) -> None:
    _, secret = await app.accounts.add_token("x", Right.READ)
    with mock.patch.object(store, "use_token", side_effect=OSError("read only")):
        assert await app.accounts.of_token(secret) is not None
        await app.accounts.aclose()
    assert (await app.accounts.tokens())[0].used_at is None


# The first set-up


async def test_the_secret_makes_one_admin_once_and_only_the_newest_one_does(app: App) -> None:
    old = await app.accounts.set_up_secret()
    secret = await app.accounts.set_up_secret()
    assert old is not None
    assert secret is not None
    assert secret not in await _everything(app)
    assert not await app.accounts.is_set_up()
    for wrong in (old, "", "x", "\ud800"):
        with pytest.raises(WrongSecret):
            await app.accounts.set_up(wrong, "ada", PASSWORD)
    with pytest.raises(AccountProblem):
        await app.accounts.set_up(secret, "ada", "short")
    made = await asyncio.gather(
        *(app.accounts.set_up(secret, name, PASSWORD) for name in ("ada", "bob")), return_exceptions=True
    )
    assert sum(isinstance(one, SetUpAlready) for one in made) == 1, made
    (user,) = await app.accounts.users()
    assert user.right is Right.ADMIN
    assert await app.accounts.is_set_up()
    assert await app.accounts.set_up_secret() is None
    with pytest.raises(SetUpAlready):
        await app.accounts.set_up(secret, "cleo", PASSWORD)


async def test_an_admin_from_the_command_line_makes_the_link_worthless_and_nobody_less(app: App) -> None:
    await app.accounts.add_user("bob", PASSWORD, Right.SCAN)
    assert not await app.accounts.is_set_up(), "there is nobody who could make an admin"
    secret = await app.accounts.set_up_secret()
    assert secret is not None
    with pytest.raises(NameInUse):
        await app.accounts.set_up(secret, "Bob", PASSWORD)
    await app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    with pytest.raises(SetUpAlready):
        await app.accounts.set_up(secret, "eve", PASSWORD)
