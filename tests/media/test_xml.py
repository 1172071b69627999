"""XML: what is written wrongly is healed, what is declared is never obeyed, what is too much is refused."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media.trouble import MediaTrouble
from shelfread.media.xml import MOST_BYTES, Node, parse, parse_all
from shelfread.model.problem import ProblemCode
from tests.media.hostile_xml import SECRET, doctypes, document, wrongly_declared

_TOUCHED: list[str] | None = None


def _notice(event: str, arguments: tuple[object, ...]) -> None:
    if _TOUCHED is not None and (event == "open" or event.startswith("socket.")):
        _TOUCHED.append(f"{event} {arguments[:1]}")


sys.addaudithook(_notice)


@contextmanager
def nothing_opened() -> Iterator[None]:
    """Neither a file nor a connection is opened meanwhile."""
    global _TOUCHED
    _TOUCHED = []
    try:
        yield
        assert _TOUCHED == []
    finally:
        _TOUCHED = None


def _code(content: bytes) -> ProblemCode:
    with pytest.raises(MediaTrouble) as caught:
        parse(content, "x.xml")
    assert "x.xml" in caught.value.detail
    return caught.value.code


def _everything(node: Node) -> str:
    return node.text + "".join(node.attributes.values()) + "".join(map(_everything, node.children))


def test_names_lose_prefix_and_case_and_texts_are_kept() -> None:
    root = parse(
        b'<o:Package xmlns:o="u"><dc:Title opf:File-As="B">A &amp; B</dc:Title><a/></o:Package>', "x"
    )
    assert root.name == "package"
    title = root.first("title")
    assert title is not None
    assert (title.text, title.get("file-as"), title.get("role")) == ("A & B", "B", None)
    assert root.first("missing") is None
    assert [node.name for node in root.children] == ["title", "a"]
    assert len(root.all("a")) == 1


def test_text_is_not_gathered_where_none_is_expected() -> None:
    root = parse(b"<r><list>x<i>y</i></list><t>z</t></r>", "x", textless=frozenset(("list",)))
    assert root.children[0].text == root.children[0].children[0].text == ""
    assert root.children[1].text == "z"


def test_c6_every_encoding_and_every_wrong_one_gives_the_same_text() -> None:
    inner = "<t>Élodie – “Übermut”</t>".replace("–", "-").replace("“", '"').replace("”", '"')
    for what, content in wrongly_declared("r", inner):
        root = parse(content, what)
        assert root.children[0].text == 'Élodie - "Übermut"', what


def test_c6_a_japanese_encoding_is_believed_when_the_bytes_are_not_utf_8() -> None:
    content = '<?xml version="1.0" encoding="Shift_JIS"?><t>進撃の巨人</t>'.encode("shift_jis")
    assert parse(content, "x").text == "進撃の巨人"


def test_c6_one_broken_character_does_not_cost_the_others() -> None:
    text = "“Élodie” and “Übermut”"
    content = b'<?xml version="1.0" encoding="utf-8"?><t>' + text.encode() + b" \xff</t>"
    assert parse(content, "x").text == text + " \ufffd"


def test_c6_control_characters_stray_ampersands_and_names_of_html_are_healed() -> None:
    content = (
        "<t a='1&2'>A\0\x01\x1fB &nbsp;&eacute;&hellip; AT&T &#7;&#0;&#xD800;&#65; &unheard; &amp;&lt;"
        "<!-- & &nbsp; --><![CDATA[ &nbsp; <b> ]]></t>"
    )
    root = parse(content.encode(), "x")
    assert root.text == "AB \xa0é… AT&T A  &< &nbsp; <b> "
    assert root.attributes == {"a": "1&2"}


def test_c6_entities_are_never_expanded_and_nothing_is_fetched(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        inner = f'<a x="{reference}1">{reference}one</a><b>two</b>'
        started = time.process_time()
        with nothing_opened():
            root = parse(document("r", inner, doctype), "x.xml")
        assert time.process_time() - started < 2, what
        assert [node.name for node in root.children] == ["a", "b"], what
        assert root.children[0].text == "one", what
        assert root.children[0].attributes == {"x": "1"}, what
        assert root.children[1].text == "two", what
        assert root.attributes == {}, what
        assert SECRET not in _everything(root), what


def test_c6_entities_are_not_expanded_in_another_encoding_either(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        text = document("r", f"<a>{reference}one</a>", doctype).decode()
        for codec in ("utf-16", "utf-16-be", "utf-32"):
            assert parse(text.encode(codec), "x").children[0].text == "one", (what, codec)


def test_c6_a_document_type_where_none_belongs_is_harmless() -> None:
    evil = '<!DOCTYPE r [<!ENTITY e "owls">]>'
    assert parse(f"<!-- {evil} --><r>&e;x</r>".encode(), "x").text == "x"
    shown = evil.replace("DOCTYPE", "doctype")
    assert parse(f"<r><![CDATA[{evil}]]>&e;x</r>".encode(), "x").text == f"{shown}x"
    assert parse(f"<r>{evil}&e;x</r>".encode(), "x").text == "x"
    assert _code(f"{evil}{evil}<r>&e;</r>".encode()) is ProblemCode.DAMAGED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"   ",
        b"no xml at all",
        b"<",
        b"<r",
        b"<r>",
        b"<r><a></r>",
        b"<!DOCTYPE r [",
        b"<!--",
        b"\xff\xfe<",
    ],
)
def test_c3_what_is_no_xml_is_damaged(content: bytes) -> None:
    assert _code(content) is ProblemCode.DAMAGED


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("bytes", b"<r>" + b" " * MOST_BYTES + b"</r>"),
        ("depth", b"<a>" * 65 + b"</a>" * 65),
        ("a great depth", b"<a>" * 1_000_000),
        ("text", b"<r>" + b"<a>" * 2 + b"</a>".join([b"x" * 60_000] * 2) + b"<a>".join([b"y" * 60_000] * 7)),
        ("elements", b"<r>" + b"<a/>" * 200_001 + b"</r>"),
        ("attributes", b"<r " + b" ".join(b'a%x=""' % n for n in range(500_001)) + b"/>"),
    ],
)
def test_c3_too_much_is_a_limit_and_quick(what: str, content: bytes) -> None:
    started = time.process_time()
    assert _code(content) is ProblemCode.LIMIT_EXCEEDED, what
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "piece", ["&", "<!--", "<![CDATA[", "&amp;", '"', "<!DOCTYPE", "&#1;", "[<", "\x01", "<?x "]
)
def test_c3_what_needs_much_mending_is_quick_too(piece: str) -> None:
    for opening in ("<r>", "<!DOCTYPE r ["):
        content = (opening + piece * ((1 << 20) // len(piece))).encode()[: 1 << 20]
        started = time.process_time()
        with suppress(MediaTrouble):
            parse(content, "x")
        assert time.process_time() - started < 2


def test_c3_a_text_without_end_is_cut() -> None:
    root = parse(b"<r>" + b"x" * 1_000_000 + b"<a/>y" * 10 + b"</r>", "x")
    assert 65_536 <= len(root.text) < 80_000


def test_whole_text_keeps_the_words_of_markup() -> None:
    root = parse(b"<d>\n <p>One</p>\n <p>Two <i>three</i></p>\n</d>", "x")
    assert root.whole_text().split() == ["One", "Two", "three"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"<r>",
                b"</r>",
                b"<a b='",
                b"'",
                b"/>",
                b"&",
                b"&x;",
                b"<!DOCTYPE r [",
                b"]>",
                b"<![CDATA[",
                b"]]>",
                b"<!--",
                b"-->",
                b"\xff\xfe",
                b"\x00",
                b"\xef\xbb\xbf",
                b"text",
                b"<?xml encoding='utf-16'?>",
                b"\x80",
            ]
        ),
        max_size=14,
    )
)
def test_c3_whatever_the_bytes_there_is_a_tree_or_a_trouble(pieces: list[bytes]) -> None:
    try:
        assert isinstance(parse(b"".join(pieces), "x"), Node)
    except MediaTrouble as trouble:
        assert trouble.code in (ProblemCode.DAMAGED, ProblemCode.LIMIT_EXCEEDED)  # noqa: PT017


def test_several_roots_are_read_and_what_stands_around_them_is_not() -> None:
    content = '\ufeff<?xml version="1.0"?>\n<a>Ü</a> words <?xml version="1.0"?><b/><!-- c --><c x="1&2"/>'
    content += "\nhttp://x/?a&b"
    assert [node.name for node in parse_all(content.encode(), "x")] == ["a", "b", "c"]
    assert [node.text for node in parse_all(content.encode("utf-16"), "x")] == ["Ü", "", ""]
    assert [node.name for node in parse_all(b"<a/><b>", "x")] == ["a"]
    for nothing in (b"", b"words", b"<a"):
        with pytest.raises(MediaTrouble):
            parse_all(nothing, "x")


def test_c6_no_root_of_several_declares_an_entity(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        content = document("r", f"<a>{reference}one</a>", doctype) + f"<r>{reference}two</r>".encode()
        with nothing_opened():
            first, second = parse_all(content, "x")
        assert (first.children[0].text, second.text) == ("one", "two"), what
