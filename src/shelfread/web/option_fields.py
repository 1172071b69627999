"""The options of a library as people fill them in: each with its label and a hint, in groups.

What was typed stays text until it is sent, so that a form with a mistake comes back as it was. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shelfread.api.problems import ApiProblem
from shelfread.model.library import BOUNDS, LibraryOptions, options_json
from shelfread.web.forms import Form
from shelfread.web.frame import sentence_of

#: Names of the fields of a form begin with this.
PREFIX = "option_"
#: A hidden field: the boxes of the form count, for those that are not ticked are not sent.
SHOWN = "options_shown"


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option."""

    name: str
    label: str
    hint: str
    #: check, number, choice or lines
    sort: str = "check"
    #: The words for each value, of a choice.
    choices: tuple[tuple[str, str], ...] = ()
    #: A number that may be left out.
    may_be_empty: bool = False
    #: Only for libraries of this kind.
    kind: str | None = None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Least and most, of a number."""
        return BOUNDS.get(self.name)

    @property
    def is_whole(self) -> bool:
        """Whether a number has no part behind the point."""
        return self.name != "thumbnail_scale"


_FILES = (
    OptionField(
        "watch",
        "Notice changes at once",
        "New and changed files appear within seconds. Network disks cannot tell of changes; they are scanned "
        "now and then instead.",
    ),
    OptionField(
        "follow_symlinks",
        "Follow links",
        "Also look into folders and files that are only linked to. Leave it off when links lead in circles.",
    ),
    OptionField(
        "ignore",
        "Leave out",
        "One rule a line, as in an ignore file: extras/ leaves out every folder of this name, *.bak what "
        "ends so; ! in front brings something back.",
        sort="lines",
    ),
    OptionField(
        "ignore_ctime",
        "Do not trust the time of a file's last change of status",
        "For disks that make this time up, as some network disks and cloud mounts do: without this, every "
        "scan would read every file again.",
    ),
    OptionField(
        "ignore_inode",
        "Do not trust the numbers of files",
        "For disks that number their files anew each time they are connected.",
    ),
)
_COVERS = (
    OptionField(
        "thumbnails",
        "Make small covers",
        "From pictures beside the files or inside them. Needs room in the data folder.",
    ),
    OptionField(
        "thumbnail_format",
        "Format of covers",
        "WebP is small and every browser shows it.",
        sort="choice",
        choices=(
            ("webp", "WebP"),
            ("jpeg", "JPEG"),
            ("png", "PNG, without loss"),
            ("avif", "AVIF, smallest and slow"),
        ),
    ),
    OptionField("thumbnail_quality", "Quality", "1 to 100; more looks better and is larger.", sort="number"),
    OptionField("thumbnail_width", "Largest width", "In pixels.", sort="number"),
    OptionField("thumbnail_height", "Largest height", "In pixels.", sort="number"),
    OptionField(
        "thumbnail_scale",
        "Or a part of the original's size",
        "0.5 is half as wide and half as high. Leave it empty to go by width and height.",
        sort="number",
        may_be_empty=True,
    ),
)
_BOOKS = (
    OptionField(
        "pattern",
        "What makes a series",
        "How your folders are arranged.",
        sort="choice",
        choices=(
            ("series", "Every folder with books in it is a series"),
            ("collection", "Every folder at the top is a series, with all below it"),
        ),
        kind="books",
    ),
    OptionField(
        "convert",
        "Turn other archives into cbz",
        "After each scan, rar, 7z and tar archives become cbz. Every page is compared before anything goes.",
        kind="books",
    ),
    OptionField(
        "remove_originals",
        "Put what was converted into the trash",
        "The trash is a folder inside your library. Without this, originals stay beside the new files.",
        kind="books",
    ),
    OptionField(
        "trash_days",
        "Keep the trash for so many days",
        "After that it is deleted for good.",
        sort="number",
        kind="books",
    ),
)
_VIDEO = (
    OptionField(
        "ffprobe",
        "Ask ffprobe what a file leaves open",
        "Where FFmpeg is installed on the server. Slower, and knows more of odd files.",
        kind="video",
    ),
)
_KEEPING = (
    OptionField(
        "prune_days",
        "Forget missing files after so many days",
        "Empty: never. Until then a file that comes back is the same as before.",
        sort="number",
        may_be_empty=True,
    ),
)
#: The groups, in the order of a form; a group may be for one kind only.
GROUPS: tuple[tuple[str, tuple[OptionField, ...]], ...] = (
    ("Looking at files", _FILES),
    ("Covers", _COVERS),
    ("Books and comics", _BOOKS),
    ("Video", _VIDEO),
    ("Keeping", _KEEPING),
)
#: How what is not an option is called in a form, by its name in the API.
_LABELS = {field.name: field.label for _, fields in GROUPS for field in fields} | {
    "name": "Name",
    "kind": "Kind of media",
    "paths": "Folder",
    "add_paths": "Folder",
    "schedule": "Scan by itself",
    "cron": "Scan by itself",
    "zone": "Time zone",
}


def groups_of(kind: str | None) -> list[tuple[str, tuple[OptionField, ...]]]:
    """The groups for a kind; all when it is not known yet."""
    return [(name, fields) for name, fields in GROUPS if kind is None or fields[0].kind in (None, kind)]


def as_typed(options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Options of the API as a form has them: a box is a bool, all else is text.

    Args:
        options: those of a library; without, those of a new one.
    """
    said = options_json(LibraryOptions()) if options is None else dict(options)
    typed: dict[str, Any] = {}
    for _, fields in GROUPS:
        for field in fields:
            value = said[field.name]
            if field.sort == "lines":
                value = "\n".join(value)
            elif field.sort != "check":
                value = "" if value is None else str(value)
            typed[field.name] = value
    return typed


def typed_in(form: Form, kind: str | None = None) -> dict[str, Any]:
    """What a form says of the options for a kind."""
    typed: dict[str, Any] = {}
    for _, fields in groups_of(kind):
        for field in fields:
            name = PREFIX + field.name
            typed[field.name] = form.ticked(name) if field.sort == "check" else form.raw(name)
    return typed


def options_of(typed: Mapping[str, Any], kind: str | None = None) -> dict[str, Any]:
    """The options for the API, from what was typed.

    Raises:
        ApiProblem: a number is none.
    """
    found: dict[str, Any] = {}
    for _, fields in groups_of(kind):
        for field in fields:
            value = typed[field.name]
            if field.sort == "lines":
                value = [line.strip() for line in value.splitlines() if line.strip()]
            elif field.sort == "number":
                value = _number(field, value.strip())
            found[field.name] = value
    return found


def trouble_of(problem: ApiProblem) -> str:
    """What a problem with a library says, with the label of the field that it is about."""
    for one in problem.extra.get("errors", ())[:1]:
        where = str(one["where"]).removeprefix("body.").removeprefix("options.").partition(".")[0]
        label = _LABELS.get(where)
        if label is not None:
            return f"“{label}”: {one['message']}."
    return sentence_of(problem)


def _number(field: OptionField, text: str) -> float | None:
    if not text and field.may_be_empty:
        return None
    assert field.bounds is not None
    least, most = field.bounds
    try:
        value = int(text) if field.is_whole else float(text.replace(",", "."))
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        sort = "a whole number" if field.is_whole else "a number"
        raise ApiProblem(
            422, "invalid-request", f"“{field.label}” has to be {sort} from {least:g} to {most:g}"
        )
    return value
