"""What the end of a scan says of files that a rule leaves out from now on (C18)."""

from __future__ import annotations

from tests.cli.conftest import Shelf


def test_c18_a_new_rule_is_named_with_what_it_hides_and_without_it_all_is_back(shelf: Shelf) -> None:
    for name in ("extras/1.mp3", "extras/2.mp3", "a.mp3", "b\x1b.mp3"):
        shelf.sound(name)
    shelf.call("scan", shelf.music)
    rules = shelf.music / ".shelfignore"
    rules.write_text("# beside\nextras/\n")
    assert shelf.call("library", "set", "1", "--ignore", "fine", "--ignore", "b?.*").code == 0
    said = shelf.call("library", "scan", "1").out
    assert "3 files are there and count as missing, since a rule leaves them out now:" in said
    assert f"  2  extras/  line 2 of {rules}\n" in said
    assert "  1  b?.*     rule 2 of the library's own\n" in said
    assert "shelfread inspect --explain PATH" in said
    job = shelf.call("jobs", "list", "--json").json()["jobs"][0]["id"]
    assert f"  2  extras/  line 2 of {rules}\n" in shelf.call("jobs", "show", job).out
    report = shelf.call("jobs", "show", job, "--json").json()["report"]["left_out"]
    assert (report["files"], [rule["files"] for rule in report["rules"]]) == (3, [2, 1])
    # Said once, and nothing of it when nothing is left out.
    assert "leaves" not in shelf.call("library", "scan", "1").out
    rules.write_text("")
    shelf.call("library", "set", "1", "--no-ignore")
    document = shelf.call("library", "scan", "1", "--json").json()
    assert document["items_restored"] == 3
    assert "left_out" not in document


def test_c18_a_rule_that_is_not_understood_is_refused_with_the_reason(shelf: Shelf) -> None:
    refused = shelf.refused("library", "add", "x", shelf.music, "--kind", "music", "--ignore", "a[b")
    assert "'a[b' is no ignore rule: it has an unclosed bracket" in refused
    shelf.call("library", "add", "x", shelf.music, "--kind", "music", "--ignore", "# fine", "--ignore", "!a")
    assert "matches nothing" in shelf.refused("library", "set", "x", "--ignore", "/")
    assert shelf.libraries()[0]["options"]["ignore"] == ["# fine", "!a"]
