"""`shelfread token` and `shelfread user`: made, listed, taken away; a secret is shown once."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

from shelfread.cli.accounts import ScopeChoice
from shelfread.model.account import Right
from tests.cli.conftest import Shelf

PASSWORD = "correct horse battery staple"


def test_the_scopes_of_the_command_are_those_of_the_accounts() -> None:
    assert [one.value for one in ScopeChoice] == [one.value for one in Right]


def test_a_token_is_made_listed_and_revoked_and_its_secret_is_shown_once(shelf: Shelf) -> None:
    made = shelf.call("token", "create", "backup", "--scope", "scan", "--json").json()
    secret = made.pop("secret")
    assert secret.startswith("shelfread_")
    assert len(secret) > 40
    (listed,) = shelf.call("token", "list", "--json").json()["tokens"]
    assert listed == made
    assert (made["name"], made["scope"], made["used_at"], made["revoked_at"]) == (
        "backup",
        "scan",
        None,
        None,
    )
    revoked = shelf.call("token", "revoke", str(made["id"]), "--json").json()
    assert revoked["revoked_at"] is not None
    assert shelf.call("token", "revoke", str(made["id"]), "--json").json() == revoked
    text = shelf.call("token", "list").out
    assert "revoked" in text
    assert secret not in text
    assert secret.encode() not in (shelf.folder / "home" / "shelfread.db").read_bytes()


def test_for_people_the_secret_stands_on_a_line_of_its_own(shelf: Shelf) -> None:
    ended = shelf.call("token", "create", "mine")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith("shelfread_")
    assert "scope read" in ended.out


def test_what_is_no_token_is_refused_in_one_line(shelf: Shelf) -> None:
    for wanted in ("7", "x", "9" * 30, "٣"):
        assert "there is no token" in shelf.refused("token", "revoke", wanted)
    assert "a name has" in shelf.refused("token", "create", "a\x1b[2J")
    assert "a name has" in shelf.refused("token", "create", " ")


def test_a_user_is_added_with_a_password_from_standard_input_and_removed(shelf: Shelf) -> None:
    made = shelf.run("user", "add", "Ada", "--scope", "admin", "--json", stdin=PASSWORD.encode() + b"\n")
    assert made.code == 0, made
    assert made.json()["scope"] == "admin"
    again = shelf.run("user", "add", "ADA", stdin=PASSWORD.encode())
    assert again.code == 2
    assert "there is a user" in again.err
    other = shelf.run("user", "add", "bob", "--json", stdin=PASSWORD.encode() + b"\r\nmore").json()
    listed = shelf.call("user", "list", "--json").json()["users"]
    assert [user["name"] for user in listed] == ["Ada", "bob"]
    assert "last user who is an admin" in shelf.refused("user", "remove", "ada")
    assert shelf.call("user", "remove", str(other["id"]), "--json").json() == other
    assert "there is no user" in shelf.refused("user", "remove", "bob")
    assert PASSWORD.encode() not in (shelf.folder / "home" / "shelfread.db").read_bytes()


def test_a_password_that_is_too_short_is_refused_and_nobody_is_added(shelf: Shelf) -> None:
    for password in (b"", b"short\n", b"\xff" * 20, b"x" * 5000):
        ended = shelf.run("user", "add", "ada", stdin=password)
        assert ended.code == 2, ended
        assert ended.err.count("\n") == 1
    assert shelf.call("user", "list").out == "No users.\n"


def test_on_a_terminal_the_password_is_asked_for_and_never_shown(shelf: Shelf) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "shelfread", "user", "add", "ada"], shelf.env)
    said = b""
    for prompt in (b"Password: ", b"Again: "):
        while not said.endswith(prompt):
            said += os.read(terminal, 1)
        os.write(terminal, PASSWORD.encode() + b"\n")
    try:
        while part := os.read(terminal, 1024):
            said += part
    except OSError:
        pass  # the terminal is closed
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0, said
    assert PASSWORD.encode() not in said
    listed = subprocess.run(
        [sys.executable, "-m", "shelfread", "user", "list", "--json"],
        env=shelf.env,
        capture_output=True,
        check=True,
    )
    assert json.loads(listed.stdout)["users"][0]["name"] == "ada"
