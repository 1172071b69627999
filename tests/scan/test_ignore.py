"""Ignore rules (C18, C19, C20): gitignore's meaning, and a negation that reaches into excluded folders."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.scan import ignore
from shelfread.scan.digest import text_digest
from shelfread.scan.ignore import (
    INCLUDED,
    IgnoreSource,
    RuleBook,
    RuleFile,
    RulesError,
    RuleSet,
    fault_of,
    read_ignore_file,
)


def _excluded(rules: RuleSet, path: bytes, at_the_root: RuleSet | None = None) -> tuple[bool, bool]:
    """(the file is excluded, a folder above it is). `at_the_root`: the rules for names in the root itself."""
    rank, above, at = INCLUDED, False, 0
    while (slash := path.find(b"/", at)) >= 0:
        in_force = rules if at else at_the_root or rules
        rank = in_force.decide(path[at:slash], path[:slash], True, rank)
        above = above or rank != INCLUDED
        at = slash + 1
    return rules.decide(path[at:], path, False, rank) != INCLUDED, above


def _ignores(text: str | bytes, path: str) -> bool:
    text = text.encode() if isinstance(text, str) else text
    return _excluded(RuleSet([(b"", RuleFile(text))]), path.encode())[0]


def test_c19_comments_and_blank_lines_are_no_rules() -> None:
    rules = RuleFile(b"# extras/\n\n   \n\\#real\n")
    assert len(rules.negated) == 1
    assert rules.last_match(b"#real", b"#real", False) == 0


def test_c19_a_folder_rule_ignores_all_below_and_a_negation_brings_one_file_back() -> None:
    text = "# what lies beside\nextras/\n!extras/include-me.cbz\n"
    assert _ignores(text, "extras/one.cbz")
    assert _ignores(text, "extras/deep/er/two.cbz")
    assert not _ignores(text, "extras/include-me.cbz")
    assert _ignores(text, "extras/deep/include-me.cbz")
    assert not _ignores(text, "one.cbz")


def test_c20_a_whole_folder_inside_an_excluded_one_can_be_brought_back() -> None:
    text = "extras/\n!extras/good/\n*.tmp\n"
    assert not _ignores(text, "extras/good/a/b.cbz")
    assert _ignores(text, "extras/good/b.tmp")
    assert _ignores(text, "extras/bad/b.cbz")


def test_c20_the_last_rule_wins_so_an_exclusion_after_the_negation_stands() -> None:
    assert _ignores("!extras/include-me.cbz\nextras/\n", "extras/include-me.cbz")
    assert _ignores("!keep.txt\nextras/\n", "extras/keep.txt")
    assert not _ignores("extras/\n!keep.txt\n", "extras/keep.txt")


def test_c18_rules_of_deeper_files_come_after_those_above() -> None:
    rules = RuleSet([(b"", RuleFile(b"*.txt\n/a/keep.cbz\n")), (b"a", RuleFile(b"!notes.txt\n!/keep.cbz\n"))])
    assert _excluded(rules, b"a/notes.txt") == (False, False)
    assert _excluded(rules, b"a/other.txt") == (True, False)
    assert _excluded(rules, b"a/keep.cbz") == (False, False)


@pytest.mark.parametrize(
    ("text", "hit", "miss"),
    [
        ("*.cbz", "a/b.cbz", "a/b.cbzx"),
        ("/top.cbz", "top.cbz", "a/top.cbz"),
        ("a/*.cbz", "a/x.cbz", "a/b/x.cbz"),
        ("a/**/x", "a/b/c/x", "b/x"),
        ("a/**/x", "a/x", "ax"),
        ("**/x/y", "p/q/x/y", "x/z/y"),
        ("a/**", "a/b/c", "b"),
        ("a?c", "abc", "abbc"),
        ("[!a-c]x", "dx", "bx"),
        ("[[:digit:]]*", "1x", "x1"),
        ("a[]]b", "a]b", "a[b"),
        ("[a\\]]", "]", "b"),
        ("sp\\ ", "sp ", "sp"),
        ("trail   ", "trail", "trail "),
        ("crlf\r", "crlf", "crlf\r"),
        ("*a*b*c", "xaxbxc", "xaxcxb"),
        ("\\!odd", "!odd", "odd"),
        ("line\\?", "line?", "linex"),
        ("**/a/**/b/**/c", "a/b/c", "a/c/b"),
    ],
)
def test_patterns_mean_what_gitignore_says(text: str, hit: str, miss: str) -> None:
    assert _ignores(text, hit)
    assert not _ignores(text, miss)


def test_a_star_matches_newlines_and_bytes_that_are_no_text() -> None:
    rules = RuleFile(b"a*z\n\xff?\n")
    assert rules.last_match(b"a\n\xfez", b"a\n\xfez", False) == 0
    assert rules.last_match(b"\xff\n", b"\xff\n", False) == 1


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True, env=_git_environment(folder))
    (folder / "a").mkdir()
    return folder


def _git_environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "LC_ALL": "C",
    }


_name = st.sampled_from(["a", "b", "ab", "a.b", "ba", "b.a", "-"])
_part = st.one_of(
    _name,
    st.lists(
        st.sampled_from(["a", "b", "*", "?", ".", "[ab]", "[!a]", "[a-b-]", "\\a"]),
        min_size=1,
        max_size=4,
    )
    .map("".join)
    # `a**/b` has two meanings in git: the documented one (as `a*/b`, ours too), and another after a prefix
    # without wildcards, which git compares by itself first.
    .map(lambda part: re.sub(r"\*+", "*", part)),
    st.just("**"),
)
_line = st.builds(
    lambda bang, root, parts, end: bang + root + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_part, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " ", "\r"]),
)
_text = st.lists(_line, max_size=5).map(lambda lines: "\n".join(lines) + "\n")
_paths = st.lists(st.lists(_name, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12, unique=True)


@settings(max_examples=300, deadline=None)
@given(top=_text, below=_text, paths=_paths)
def test_c18_decisions_agree_with_git_except_below_excluded_folders(
    repository: Path, top: str, below: str, paths: list[str]
) -> None:
    (repository / ".gitignore").write_bytes(top.encode())
    (repository / "a" / ".gitignore").write_bytes(below.encode())
    asked = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=repository,
        env=_git_environment(repository),
        input="\0".join(paths).encode(),
        capture_output=True,
        check=False,
    )
    assert asked.returncode in (0, 1), asked.stderr
    by_git = set(asked.stdout.split(b"\0")) - {b""}
    rules = [RuleFile(top.encode()), RuleFile(below.encode())]
    root_only = RuleSet([(b"", rules[0])])
    # Files inside an excluded folder are not read, as the walk has it.
    folder_a_excluded = root_only.decide(b"a", b"a", True, INCLUDED) != INCLUDED
    both = RuleSet([(b"", rules[0]), (b"a", rules[1])])
    negations = "!" in top + below
    for path in (path.encode() for path in paths if path != "a"):  # `a` is a folder there
        inside = path.startswith(b"a/") and not folder_a_excluded
        excluded, above = _excluded(both if inside else root_only, path, root_only)
        if above and negations:
            # The one difference we want (C20): git never brings back what lies below an excluded folder.
            assert path in by_git
        else:
            assert excluded == (path in by_git), (path, top, below)


@settings(max_examples=200, deadline=None)
@given(text=_text, path=st.lists(_name, min_size=2, max_size=4).map("/".join))
def test_c20_a_folder_that_need_not_be_walked_holds_nothing_that_comes_back(text: str, path: str) -> None:
    rules = RuleSet([(b"", RuleFile(text.encode()))])
    rank, folder = INCLUDED, b""
    skipped = False
    for name in path.encode().split(b"/")[:-1]:
        folder = folder + b"/" + name if folder else name
        rank = rules.decide(name, folder, True, rank)
        skipped = skipped or (rank != INCLUDED and not rules.may_bring_back(folder, rank))
    if skipped:
        assert _excluded(rules, path.encode())[0]


def test_an_excluded_folder_is_walked_only_when_a_negation_can_reach_it() -> None:
    rules = RuleSet([(b"", RuleFile(b"!early\nextras/\nnode_modules/\n!extras/*/one.cbz\n"))])
    assert rules.may_bring_back(b"extras", 1)
    assert rules.may_bring_back(b"extras/x", 1)
    assert not rules.may_bring_back(b"extras/x/y", 1)
    assert not rules.may_bring_back(b"node_modules", 2)


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (["extras/", "!a", "# why"], None),
        ([" "], "one line of text"),
        (["a\nb"], "one line of text"),
        (["\udcff"], "one line of text"),
        (["fine", "a[b"], "'a[b' is no ignore rule: it has an unclosed bracket"),
        (["/"], "it matches nothing"),
        (["a\\"], "it ends with a lone backslash"),
        (["é" * 3000], "it is longer than 4096 bytes"),
        ([f"{'x' * 300}{number}*" for number in range(400)], "wildcard rules"),
    ],
)
def test_c18_rules_of_a_library_that_cannot_be_are_refused_with_the_reason(
    rules: list[str], fault: str | None
) -> None:
    found = fault_of(rules)
    assert (found is None) == (fault is None)
    assert (fault or "") in (found or "")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_whatever_are_rules_or_doubts_and_never_an_exception(text: bytes) -> None:
    RuleFile(text).last_match(b"name", b"folder/name", False)


HOSTILE = {
    "stars": b"*a" * 1500 + b"b",
    "questions": b"*?" * 1500 + b"b",
    "double stars": b"**/a/" * 700 + b"b",
    "classes": b"*[!b]" * 700 + b"b",
    "brackets": b"[" * 4000,
    "backslashes": b"\\" * 3999,
}


@pytest.mark.parametrize("which", HOSTILE)
def test_no_pattern_takes_long_whatever_it_asks_for(which: str) -> None:
    rules = RuleFile(HOSTILE[which])
    name, path = b"a" * 255, b"a/" * 2000 + b"a"
    start = time.process_time()
    for _ in range(3):
        rules.last_match(name, path, False)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text", [b"name%d\n" * 20_100, b"*x%d\n" * 1_001, b"*" + b"x" * 4000 + b"\n*" * 20_000]
)
def test_a_text_with_too_many_rules_is_refused_as_a_whole(text: bytes) -> None:
    with pytest.raises(RulesError):
        RuleFile(text)


def test_lines_that_are_not_understood_are_left_out_and_named() -> None:
    rules = RuleFile(b"good\nba\0d\n[open\nend\\\n" + b"x" * 5000 + b"\n!\nalso good\n")
    assert rules.doubts == "line 2 contains NUL bytes"
    assert len(rules.negated) == 2


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        (b".nomedia", b"anything", b"/*\n"),
        (b".nomedia", b"", b"/*\n"),
        (b".ndignore", b"", b"/*\n"),
        (b".ignore", b" \r\n", b"/*\n"),
        (b".ignore", b"x\n", b"x\n"),
        (b".shelfignore", b"", b""),
        (b".stumpignore", b"\xef\xbb\xbf\n", b""),
    ],
)
def test_c18_what_an_empty_file_means_depends_on_its_name(
    tmp_path: Path, name: bytes, text: bytes, rules: bytes
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(text)
    assert read_ignore_file(bytes(path)) == rules


def test_a_file_over_the_size_limit_a_fifo_a_folder_and_a_dead_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"#" * (ignore.MAX_BYTES + 1))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dead").symlink_to("nowhere")
    for name in ("large", "fifo", "folder", "dead"):
        with pytest.raises(RulesError):
            read_ignore_file(bytes(tmp_path / name))


def test_a_process_that_has_not_seen_a_text_reads_it_and_refuses_a_changed_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / ".shelfignore"
    path.write_bytes(b"*.txt\n")
    context = (IgnoreSource(b"a/.shelfignore", text_digest(b"*.txt\n")),)
    book = RuleBook()
    rules = book.rule_set(bytes(tmp_path), ("/b",), context)
    assert rules is not None
    assert rules.decide(b"x.txt", b"a/x.txt", False, INCLUDED) != INCLUDED
    assert rules.decide(b"b", b"b", False, INCLUDED) != INCLUDED
    path.write_bytes(b"changed\n")
    assert book.rule_set(bytes(tmp_path), ("/b",), context) is rules
    with pytest.raises(RulesError, match="changed"):
        RuleBook().rule_set(bytes(tmp_path), (), context)


def test_a_book_stays_small_however_many_texts_it_meets(tmp_path: Path) -> None:
    book = RuleBook()
    for number in range(100):
        book.compile(b"name%d\n" % number)
        book.rule_set(bytes(tmp_path), (f"p{number}",), ())
    assert len(book._files) <= 16
    assert len(book._sets) <= 16
