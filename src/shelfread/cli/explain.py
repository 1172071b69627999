"""`shelfread inspect --explain`: whether a scan takes a path, and which rule decides.

Prints what `app.explaining` says, for people or as JSON. Changes nothing: where there is no catalogue yet, it
makes none, and every path lies outside of all libraries.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Sequence
from typing import Any

from shelfread.app import KINDS, absolute, database_url
from shelfread.app.explaining import Explained, Explanations
from shelfread.cli.inspect import kind_of
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FAILED, FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.targets import named
from shelfread.cli.texts import shown, write_json
from shelfread.model.library import Library
from shelfread.scan.verdict import RuleText, Step, Why
from shelfread.settings import read_settings
from shelfread.store.database import Database

_OUTCOMES = {True: "taken", False: "left_out", None: "unknown"}
_COLOURS = {True: "bold green", False: "bold yellow", None: "bold red"}

#: What is said of a name, after the name itself or "it".
_WORDS = {
    Why.ROOT: "is a root of the library: a scan begins there",
    Why.FOLDER: "is a folder that a scan looks into",
    Why.DOT_NAME: "has a name that begins with a dot: a scan looks at none of those",
    Why.SYSTEM_FOLDER: "is a folder that systems and disks make for themselves, by its name",
    Why.SYSTEM_FILE: "is a file that systems leave behind, by its name",
    Why.BACKUP: "is the copy that an editor kept, by its name: it ends with ~",
    Why.UNFINISHED: "is unfinished or a left-over, by the end of its name",
    Why.DEAD_LINK: "is a symbolic link that leads nowhere",
    Why.LINK_LOOP: "is a symbolic link to a folder that it lies in",
    Why.NOT_A_FILE: "is neither a file nor a folder",
    Why.NOT_THERE: "is not there: no file or folder has this name",
    Why.NOT_LISTED: "is not listed by its folder under this very name: is it spelled otherwise on the disk?",
    Why.UNREADABLE: "cannot be looked at",
}


def explain_paths(paths: Sequence[bytes], kind: str | None, as_json: bool) -> int:
    """Explain some paths; gives the exit code: 1 when it cannot be told of one, or it is not there."""

    async def work(_: Interrupts) -> int:
        explanations = Explanations([each for each in await _libraries() if kind in (None, each.kind)])
        code, paper = FINE, Paper()
        for path in paths:
            found = await asyncio.to_thread(explanations.of, absolute(path), kind or kind_of(path))
            for explained in found:
                if explained.verdict.taken is None:
                    code = FAILED
                if as_json:
                    write_json(explained_fields(path, explained))
                else:
                    _print(paper, path, explained)
        return code

    return run(work)


async def _libraries() -> list[Library]:
    settings = read_settings()
    if not settings.database_url and not await asyncio.to_thread(settings.data_dir.expanduser().is_dir):
        return []
    database = Database(database_url(settings))
    try:
        # Connecting would make the file.
        if database.path is not None and not await asyncio.to_thread(database.path.exists):
            return []
    finally:
        await database.close()
    async with catalogue() as app:
        return list(await app.libraries.all())


def explained_fields(path: bytes, explained: Explained) -> dict[str, Any]:
    """An explanation in JSON."""
    verdict, root = explained.verdict, explained.root
    library = explained.library
    return {
        **_bytes("path", path),
        "outcome": _OUTCOMES[verdict.taken],
        "why": verdict.decided_by.why.value,
        "kind": explained.kind,
        "library_id": library.id if library else None,
        "library": library.name if library else None,
        **_bytes("root", root),
        "decided_by": _step_fields(root, verdict.decided_by),
        "steps": [_step_fields(root, step) for step in verdict.steps],
        "looked_into": verdict.looked_into,
        "emptied_by": _rule_fields(root, verdict.emptied_by),
        "doubts": [
            {**(_bytes("file", os.path.join(root, file)) if file else {"file": None}), "detail": detail}
            for file, detail in verdict.doubts
        ],
    }


def _step_fields(root: bytes, step: Step) -> dict[str, Any]:
    rule = _rule_fields(root, step.rule)
    path = _bytes("path", os.path.join(root, step.path) if step.path else root)
    return {**path, "why": step.why.value, "rule": rule, "detail": step.detail}


def _rule_fields(root: bytes, rule: RuleText | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    file = _bytes("file", os.path.join(root, rule.file)) if rule.file else {"file": None}
    text = _bytes("text", rule.text) if rule.text is not None else {"text": None}
    return {**file, "line": rule.line, **text}


def _bytes(key: str, value: bytes) -> dict[str, str]:
    """Bytes as text, and in `..._b64` too when they are not UTF-8."""
    try:
        return {key: value.decode()}
    except UnicodeDecodeError:
        encoded = base64.b64encode(value).decode("ascii")
        return {key: value.decode("utf-8", "replace"), f"{key}_b64": encoded}


def _print(paper: Paper, path: bytes, explained: Explained) -> None:
    verdict = explained.verdict
    paper.line(("bold", shown(path)))
    word = _OUTCOMES[verdict.taken].replace("_", " ")
    paper.line((_COLOURS[verdict.taken], f"  {word}"), ("dim", f"  {_where(explained)}"))
    steps = verdict.steps
    for step in steps if verdict.decided_by in steps else (*steps, verdict.decided_by):
        paper.line(("", f"    {_sentence(step, explained)}"))
    if verdict.looked_into:
        paper.line(("", "    a scan looks into it all the same: a rule may bring back something in it"))
    if verdict.emptied_by is not None:
        paper.line(("yellow", f"    {_sentence(Step(b'', Why.EXCLUDED, verdict.emptied_by), explained)}"))
    for file, detail in verdict.doubts:
        source = shown(os.path.join(explained.root, file)) if file else "the library's own rules"
        paper.line(("yellow", f"    not all rules are heeded: {source}: {shown(detail)}"))
    paper.line()


def _where(explained: Explained) -> str:
    if explained.library is not None:
        return f"{named(explained.library)}, {explained.kind}, root {shown(explained.root)}"
    return f"in no library; judged as if {shown(explained.root)} were a library of {explained.kind}"


def _sentence(step: Step, explained: Explained) -> str:
    root, kind = explained.root, explained.kind
    subject = "it" if step.path == explained.relative else shown(os.path.join(root, step.path))
    if step.rule is not None:
        return _of_rule(step.why, step.rule, subject, root)
    if step.why is Why.MEDIA:
        return f"{subject} is a file of the kind {kind}, by its name, and no rule leaves it out"
    if step.why is Why.SIDECAR:
        return f"{subject} is read with what it stands beside, by its name, and no rule leaves it out"
    if step.why is Why.OTHER_SUFFIX:
        suffixes = " ".join(sorted(shown(suffix) for suffix in KINDS[kind].kind.suffixes))
        return f"{subject} is no file of the kind {kind}, by its name: those end with {suffixes}"
    if step.why is Why.LINK:
        how = (
            f" (shelfread library set {explained.library.id} --follow-symlinks)" if explained.library else ""
        )
        return f"{subject} is a symbolic link, and a scan follows none unless it is told to{how}"
    return f"{subject} {_WORDS[step.why]}" + (f": {shown(step.detail)}" if step.detail else "")


def _of_rule(why: Why, rule: RuleText, subject: str, root: bytes) -> str:
    file = shown(os.path.join(root, rule.file)) if rule.file else ""
    if rule.text is None:
        return f"{file} leaves out all that its folder holds, by being there"
    where = f"line {rule.line} of {file}" if file else f"rule {rule.line} of the library's own"
    text = shown(rule.text)
    if why is Why.BROUGHT_BACK:
        return f"{text}  brings {subject} back ({where})"
    if why is Why.OUTRANKED:
        return (
            f"{text}  does not bring {subject} back: what leaves out a folder above stands after it ({where})"
        )
    return f"{text}  leaves {subject} out ({where})"
