"""Which rule decides (C18, C19, C20): always what the walk does, with the rule that a person would name."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from shelfread.scan.explain import Explainer
from shelfread.scan.folder import WalkRules, joined, root_task, subtask, walk_rules
from shelfread.scan.ignore import INCLUDED, RuleBook
from shelfread.scan.listing import list_folder
from shelfread.scan.verdict import RuleText, Verdict, Why

RULES = walk_rules([b".cbz", b".mp3"], [b".jpg"])


def _write(root: Path, name: str, text: bytes = b"x") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def _why(root: Path, path: str | bytes, rules: WalkRules = RULES) -> Verdict:
    return Explainer(bytes(root), rules).why(os.fsencode(path))


def _said(verdict: Verdict) -> tuple[bool | None, Why, RuleText | None]:
    return verdict.taken, verdict.decided_by.why, verdict.decided_by.rule


def test_c20_the_rule_of_the_folder_above_and_the_negation_that_brings_one_book_back(tmp_path: Path) -> None:
    for name in ("one.cbz", "include-me.cbz", "deep/include-me.cbz"):
        _write(tmp_path, f"Ada/extras/{name}")
    _write(tmp_path, "Ada/.shelfignore", b"# not books\nextras/\n\n!extras/include-me.cbz\n")
    leaves_out = RuleText(b"Ada/.shelfignore", 2, b"extras/")
    verdict = _why(tmp_path, "Ada/extras/one.cbz")
    assert _said(verdict) == (False, Why.EXCLUDED, leaves_out)
    assert verdict.decided_by.path == b"Ada/extras"
    verdict = _why(tmp_path, "Ada/extras/include-me.cbz")
    back = RuleText(b"Ada/.shelfignore", 4, b"!extras/include-me.cbz")
    assert _said(verdict) == (True, Why.BROUGHT_BACK, back)
    assert [(step.path, step.why, step.rule) for step in verdict.steps] == [
        (b"Ada/extras", Why.EXCLUDED, leaves_out),
        (b"Ada/extras/include-me.cbz", Why.BROUGHT_BACK, back),
    ]
    # No negation reaches into this one, so nobody looks.
    assert _said(_why(tmp_path, "Ada/extras/deep/include-me.cbz")) == (False, Why.EXCLUDED, leaves_out)
    folder = _why(tmp_path, "Ada/extras")
    assert (_said(folder), folder.looked_into) == ((False, Why.EXCLUDED, leaves_out), True)
    assert _said(_why(tmp_path, "Ada")) == (True, Why.FOLDER, None)


def test_c20_a_negation_above_the_rule_it_should_undo_is_told_not_to_count(tmp_path: Path) -> None:
    _write(tmp_path, "extras/keep.cbz")
    _write(tmp_path, ".shelfignore", b"!keep.cbz\nextras/\n!other.cbz\n")
    verdict = _why(tmp_path, "extras/keep.cbz")
    assert _said(verdict) == (False, Why.EXCLUDED, RuleText(b".shelfignore", 2, b"extras/"))
    assert verdict.steps[-1].why is Why.OUTRANKED
    assert verdict.steps[-1].rule == RuleText(b".shelfignore", 1, b"!keep.cbz")


def test_c18_rules_of_the_library_come_before_those_of_files(tmp_path: Path) -> None:
    rules = walk_rules([b".cbz"], [], patterns=("# by hand", "*.tmp.cbz", "Draft*"))
    _write(tmp_path, "Draft 1/a.cbz")
    _write(tmp_path, "Draft 2/a.cbz")
    _write(tmp_path, ".ignore", b"!Draft 2/\r\n")
    verdict = _why(tmp_path, "Draft 1/a.cbz", rules)
    assert _said(verdict) == (False, Why.EXCLUDED, RuleText(None, 3, b"Draft*"))
    verdict = _why(tmp_path, "Draft 2/a.cbz", rules)
    assert _said(verdict) == (True, Why.MEDIA, None)
    assert verdict.steps[-1].rule == RuleText(b".ignore", 1, b"!Draft 2/")


@pytest.mark.parametrize("name", [".nomedia", ".ignore", ".ndignore"])
def test_c18_a_file_that_hides_its_folder_by_being_there_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path, "Bix/a.cbz")
    _write(tmp_path, f"Bix/{name}", b"")
    rule = RuleText(f"Bix/{name}".encode(), 1, None)
    assert _said(_why(tmp_path, "Bix/a.cbz")) == (False, Why.EXCLUDED, rule)
    folder = _why(tmp_path, "Bix")
    assert (_said(folder), folder.emptied_by) == ((True, Why.FOLDER, None), rule)
    _write(tmp_path, name, b"")
    assert _why(tmp_path, "").emptied_by == RuleText(name.encode(), 1, None)


def test_built_in_rules_have_their_own_words(tmp_path: Path) -> None:
    names = {
        "a.cbz": (True, Why.MEDIA),
        "cover.JPG": (True, Why.SIDECAR),
        "sub/b.cbz": (True, Why.MEDIA),
        "notes.txt": (False, Why.OTHER_SUFFIX),
        ".hidden.cbz": (False, Why.DOT_NAME),
        ".hidden/a.cbz": (False, Why.DOT_NAME),
        "@eaDir/a.cbz": (False, Why.SYSTEM_FOLDER),
        "Thumbs.db": (False, Why.SYSTEM_FILE),
        "a.cbz~": (False, Why.BACKUP),
        "a.cbz.part": (False, Why.UNFINISHED),
        "...and Justice/a.cbz": (True, Why.MEDIA),
    }
    for name in names:
        _write(tmp_path, name)
    (tmp_path / "link.cbz").symlink_to("a.cbz")
    (tmp_path / "dead.cbz").symlink_to("nowhere")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "linked").symlink_to("sub")
    (tmp_path / "sub" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe.cbz")
    os.mkfifo(tmp_path / "pipe")
    for name, (taken, why) in names.items():
        assert _said(_why(tmp_path, name)) == (taken, why, None), name
    for name in ("pipe", "pipe.cbz"):
        assert _said(_why(tmp_path, name)) == (False, Why.NOT_A_FILE, None), name
    for name in ("link.cbz", "linked", "linked/b.cbz", "dead.cbz"):
        assert _said(_why(tmp_path, name)) == (False, Why.LINK, None), name
    following = walk_rules([b".cbz"], [], follow_symlinks=True)
    for name, why in (("dead.cbz", Why.DEAD_LINK), ("dead", Why.DEAD_LINK), ("sub/up/a.cbz", Why.LINK_LOOP)):
        assert _said(_why(tmp_path, name, following)) == (False, why, None), name
    for name, why in (("link.cbz", Why.MEDIA), ("linked", Why.FOLDER), ("linked/b.cbz", Why.MEDIA)):
        assert _said(_why(tmp_path, name, following)) == (True, why, None), name
    assert _said(_why(tmp_path, "")) == (True, Why.ROOT, None)


def test_what_cannot_be_told_is_not_told(tmp_path: Path) -> None:
    _write(tmp_path, "a.cbz")
    assert _said(_why(tmp_path, "gone/b.cbz")) == (None, Why.NOT_LISTED, None)
    assert _said(_why(tmp_path / "nowhere", "b.cbz")) == (None, Why.UNREADABLE, None)
    verdict = _why(tmp_path, "a.cbz/b.cbz")
    assert (verdict.taken, verdict.decided_by.why) == (None, Why.NOT_LISTED)


def test_rules_that_are_not_applied_are_told_beside_the_answer(tmp_path: Path) -> None:
    rules = walk_rules([b".cbz"], [], patterns=("a[",))
    _write(tmp_path, "Ada/a.cbz")
    _write(tmp_path, "Ada/.shelfignore", b"fine\n[\n")
    os.mkfifo(tmp_path / ".ignore")
    verdict = _why(tmp_path, "Ada/a.cbz", rules)
    assert _said(verdict) == (True, Why.MEDIA, None)
    assert [where for where, _ in verdict.doubts] == [None, b".ignore", b"Ada/.shelfignore"]
    assert verdict.doubts[2][1] == "line 2 has an unclosed bracket"


def test_a_path_of_three_hundred_folders_is_explained(tmp_path: Path) -> None:
    deep = "d/" * 300
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("a.cbz", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)
    assert _said(_why(tmp_path, deep + "a.cbz")) == (True, Why.MEDIA, None)


_NAMES = ["a", "b", "ab", "a.cbz", "b.cbz", "x.jpg", "n.txt", ".d", "@eaDir", "a.cbz.part"]
_PARTS = ["a", "b", "*", "a*", "?", "*.cbz", "a.cbz", "b.cbz", "**", "[ab]"]


def _rules(chance: random.Random) -> list[str]:
    def line() -> str:
        parts = [chance.choice(_PARTS) for _ in range(chance.choice([1, 1, 2]))]
        return chance.choice(["", "", "!"]) + "/".join(parts) + chance.choice(["", "", "/"])

    return [line() for _ in range(chance.randrange(5))]


def _grow(folder: Path, chance: random.Random, depth: int) -> None:
    for name in chance.sample(_NAMES, chance.randrange(2, 6)):
        path = folder / name
        kind = chance.random()
        if kind < 0.1:
            path.symlink_to(chance.choice(["a", "..", "b.cbz", "nowhere"]))
        elif kind < 0.5 and depth:
            path.mkdir()
            _grow(path, chance, depth - 1)
        else:
            path.write_bytes(b"x")
    if chance.random() < 0.5:
        lines = _rules(chance)
        (folder / chance.choice([".shelfignore", ".ignore", ".nomedia"])).write_text("\n".join(lines))


def _walked(root: bytes, rules: WalkRules) -> set[bytes]:
    """Every file that a walk takes, and every folder that it looks into and no rule excludes."""
    todo, taken = [root_task(root)], set()
    while todo:
        task = todo.pop()
        listing = list_folder(task, rules, book=RuleBook())
        assert listing.problem is None
        taken |= {joined(task.relative, entry.name) for entry in (*listing.entries, *listing.sidecars)}
        taken |= {joined(task.relative, s.name) for s in listing.subfolders if s.excluded_by == INCLUDED}
        todo += [subtask(rules, task, listing, sub) for sub in listing.subfolders]
    return taken


def _all(root: bytes) -> list[bytes]:
    found: list[bytes] = []
    for folder, folders, files in os.walk(root, followlinks=False):
        found += [os.path.relpath(os.path.join(folder, name), root) for name in [*folders, *files]]
    return found


@pytest.mark.parametrize("seed", range(60))
def test_c18_c20_the_explanation_is_what_the_walk_does_whatever_the_rules(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    _grow(tmp_path, chance, 3)
    follow = chance.random() < 0.3
    rules = walk_rules([b".cbz"], [b".jpg"], follow_symlinks=follow, patterns=tuple(_rules(chance)))
    root = bytes(tmp_path)
    taken = _walked(root, rules)
    explainer = Explainer(root, rules)
    for path in _all(root):
        verdict = explainer.why(path)
        assert verdict.taken == (path in taken), (path, verdict)
        step = verdict.decided_by
        assert path == step.path or path.startswith(step.path + b"/")
        if step.why in (Why.EXCLUDED, Why.BROUGHT_BACK):
            assert step.rule is not None
            assert (step.rule.text or b"").startswith(b"!") == (step.why is Why.BROUGHT_BACK)
            assert step in verdict.steps


@pytest.mark.parametrize("seed", range(30))
def test_c18_without_the_rule_that_decides_the_answer_has_another_reason(tmp_path: Path, seed: int) -> None:
    chance = random.Random(f"another {seed}")
    _grow(tmp_path, chance, 2)
    patterns = [f"{rule}" for rule in _rules(chance)]
    root = bytes(tmp_path)
    everything: Any = (b".cbz", b".jpg", b".txt")
    for path in _all(root):
        rules = walk_rules(everything, [], patterns=tuple(patterns))
        rule = Explainer(root, rules).why(path).decided_by.rule
        if rule is None or rule.text is None:
            continue
        if rule.file is None:
            less = [each if number != rule.line else "#" for number, each in enumerate(patterns, 1)]
            after = Explainer(root, walk_rules(everything, [], patterns=tuple(less))).why(path)
        else:
            file = tmp_path / os.fsdecode(rule.file)
            before = file.read_text()
            lines = before.split("\n")
            assert lines[rule.line - 1] == os.fsdecode(rule.text)
            lines[rule.line - 1] = "#"
            file.write_text("\n".join(lines))
            after = Explainer(root, rules).why(path)
            file.write_text(before)
        assert after.decided_by.rule != rule
