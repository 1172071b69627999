"""One line of an ignore file as a pattern, with the meaning gitignore gives it.

Part of the walk: `ignore` makes these from text, `listing` asks `ignore`. Works on bytes, as names do, and
knows neither files nor folders of the disk.

Own translation instead of a library's, because ignore files are not trusted: `*` between fixed parts
becomes an atomic group, so that no pattern can take more than (pattern x name) steps. Leftmost is enough
between two stars, since what stands between stars has a fixed width; the same argument holds for `**`
and whole segments.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Longer lines are not understood; no path is longer.
MAX_LINE = 4096

_STAR = b"*"
_SLASH = b"/"
_ANY = b"[^/]"
_NEVER = b"(?!)"
_POSIX = {
    b"alnum": rb"[0-9A-Za-z]",
    b"alpha": rb"[A-Za-z]",
    b"blank": rb"[ \t]",
    b"cntrl": rb"[\x00-\x1f\x7f]",
    b"digit": rb"[0-9]",
    b"graph": rb"[\x21-\x7e]",
    b"lower": rb"[a-z]",
    b"print": rb"[\x20-\x7e]",
    b"punct": rb"[!-/:-@\[-`{-~]",
    b"space": rb"[ \t\n\v\f\r]",
    b"upper": rb"[A-Z]",
    b"xdigit": rb"[0-9A-Fa-f]",
}


class BadPattern(ValueError):
    """A line that can match nothing or is not understood."""


class Pattern(NamedTuple):
    """One rule: what it matches, and whether it ignores or brings back."""

    negated: bool
    folders_only: bool
    #: True: compared with the base name at any depth; False: with the path below the ignore file's folder.
    by_name: bool
    #: The whole text to be equal to, when the pattern has no wildcard.
    literal: bytes | None
    #: The regular expression to match in full, when it has.
    regex: re.Pattern[bytes] | None
    #: For patterns over paths: one expression a segment, None for `**`; answers "could it match below?".
    segments: tuple[re.Pattern[bytes] | None, ...]


def parse_line(line: bytes) -> Pattern | None:
    r"""Read one line of an ignore file.

    Args:
        line: the line without its newline; a carriage return at its end is dropped.

    Returns:
        The pattern, or None for blank lines and comments.

    Raises:
        BadPattern: the line is not understood: NUL bytes, unclosed bracket, a lone backslash at the end.
    """
    line = _without_trailing_spaces(line.removesuffix(b"\r"))
    if not line or line.startswith(b"#"):
        return None
    if len(line) > MAX_LINE:
        raise BadPattern(f"is longer than {MAX_LINE} bytes")
    if b"\0" in line:
        raise BadPattern("contains NUL bytes")
    negated = line.startswith(b"!")
    text = line[1:] if negated else line
    folders_only = text.endswith(b"/")
    if folders_only:
        text = text[:-1]
    by_name = b"/" not in text
    tokens = _tokens(text.removeprefix(b"/"))
    if not tokens:
        raise BadPattern("matches nothing")
    literal = _literal(tokens)
    try:
        segments = () if by_name else _segments(tokens)
        if literal is not None:
            return Pattern(negated, folders_only, by_name, literal, None, segments)
        source = _segment_source(tokens) if by_name else _path_source(tokens)
        return Pattern(negated, folders_only, by_name, None, re.compile(source), segments)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"is not understood: {error}") from None


def could_match_below(pattern: Pattern, folder: bytes) -> bool:
    """Whether the pattern might match something inside `folder`; errs on the side of yes.

    Args:
        pattern: any rule.
        folder: the folder's path below the folder of the ignore file; empty for that folder itself.
    """
    if pattern.by_name or not folder:
        return True
    names = folder.split(b"/")
    for segment, name in zip(pattern.segments, names, strict=False):
        if segment is None:
            return True
        if segment.fullmatch(name) is None:
            return False
    return len(pattern.segments) > len(names)


def _without_trailing_spaces(line: bytes) -> bytes:
    """Spaces at the end do not count, unless the first of them is escaped."""
    bare = line.rstrip(b" ")
    if len(bare) == len(line):
        return line
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return bare + b" " if backslashes % 2 else bare


def _tokens(text: bytes) -> list[bytes]:
    """The pattern as regular expressions of one byte each, `_STAR` and `_SLASH`."""
    tokens: list[bytes] = []
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        at += 1
        if char == b"*":
            tokens.append(_STAR)
        elif char == b"?":
            tokens.append(_ANY)
        elif char == b"[":
            token, at = _bracket(text, at)
            tokens.append(token)
        else:
            if char == b"\\":
                if at == len(text):
                    raise BadPattern("ends with a lone backslash")
                char = text[at : at + 1]
                at += 1
            tokens.append(_SLASH if char == b"/" else re.escape(char))
            if tokens[-1] == _STAR:  # pragma: no cover - re.escape gives a backslash before a star
                raise BadPattern("is not understood")
    return tokens


def _bracket(text: bytes, at: int) -> tuple[bytes, int]:
    """A bracket expression from just behind its `[`: its regular expression, and where it ends."""
    members: set[int] = set()
    negated = text[at : at + 1] in (b"!", b"^")
    at += negated
    first = True
    previous: int | None = None
    while True:
        char = text[at : at + 1]
        if not char:
            raise BadPattern("has an unclosed bracket")
        if char == b"]" and not first:
            break
        first = False
        if char == b"[" and text[at + 1 : at + 2] == b":":
            end = text.find(b":]", at + 2)
            if end < 0 or text[at + 2 : end] not in _POSIX:
                raise BadPattern("has an unknown character class")
            expression = re.compile(_POSIX[text[at + 2 : end]])
            members.update(byte for byte in range(256) if expression.fullmatch(bytes((byte,))))
            at, previous = end + 2, None
            continue
        following = text[at + 1 : at + 2]
        if char == b"-" and previous is not None and following not in (b"]", b""):
            upper, at = _bracket_byte(text, at + 1)
            members.update(range(previous, upper + 1))
            previous = None
            continue
        previous, at = _bracket_byte(text, at)
        members.add(previous)
    if negated:
        members = set(range(256)) - members
    members.discard(ord("/"))
    return _class_source(members), at + 1


def _bracket_byte(text: bytes, at: int) -> tuple[int, int]:
    """One byte of a bracket expression, escaped or not, and where the next begins."""
    if text[at : at + 1] == b"\\":
        at += 1
    if at >= len(text):
        raise BadPattern("has an unclosed bracket")
    return text[at], at + 1


def _class_source(members: set[int]) -> bytes:
    """A set of bytes as a character class, runs written as ranges to keep it short."""
    if not members:
        return _NEVER
    runs: list[list[int]] = []
    for byte in sorted(members):
        if runs and runs[-1][1] == byte - 1:
            runs[-1][1] = byte
        else:
            runs.append([byte, byte])
    return b"[" + b"".join(b"\\x%02x-\\x%02x" % (low, high) for low, high in runs) + b"]"


def _literal(tokens: list[bytes]) -> bytes | None:
    """The one text the tokens match, or None when they hold a wildcard."""
    text = bytearray()
    for token in tokens:
        if len(token) == 1 and token != _STAR:
            text += token
        elif len(token) == 2 and token.startswith(b"\\"):
            text += token[1:]
        else:
            return None
    return bytes(text)


def _split(tokens: list[bytes], mark: bytes) -> list[list[bytes]]:
    """The tokens between the marks."""
    parts: list[list[bytes]] = [[]]
    for token in tokens:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _segment_source(tokens: list[bytes]) -> bytes:
    """The expression for one name."""
    first, *others = (b"".join(part) for part in _split(tokens, _STAR))
    if not others:
        return first
    middle = b"".join(b"(?>[^/]*?%b)" % part for part in others[:-1] if part)
    return first + middle + b"[^/]*" + others[-1]


def _is_double_star(segment: list[bytes]) -> bool:
    return len(segment) >= 2 and all(token == _STAR for token in segment)


def _segments(tokens: list[bytes]) -> tuple[re.Pattern[bytes] | None, ...]:
    return tuple(
        None if _is_double_star(segment) else re.compile(_segment_source(segment))
        for segment in _split(tokens, _SLASH)
    )


def _path_source(tokens: list[bytes]) -> bytes:
    """The expression for a path: groups of segments with `**` between them."""
    groups: list[list[bytes]] = [[]]
    for segment in _split(tokens, _SLASH):
        if not _is_double_star(segment):
            groups[-1].append(_segment_source(segment))
        elif len(groups) == 1 or groups[-1]:  # `**/**` is `**`
            groups.append([])
    sources = [b"/".join(group) for group in groups]
    if len(sources) == 1:
        return sources[0]
    head = sources[0] + b"/" if groups[0] else b""
    middle = b"".join(b"(?>(?:[^/]+/)*?%b/)" % source for source in sources[1:-1])
    tail = b"(?:[^/]+/)*?" + sources[-1] if groups[-1] else b"(?s:.+)"
    return head + middle + tail
