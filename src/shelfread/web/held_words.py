"""What people read of changes that wait for their word, and of files that are probably the same.

Knows no page and no route.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shelfread.web.words import counted

#: What a place that waits is called by its code, and what a person can do.
_TITLES = {
    "mass_removal_held": "This disk looks unplugged",
    "root_unavailable": "This folder cannot be read",
    "empty": "This folder is empty all at once",
    "other_disk": "Another disk is in the place of this one",
    "mount_unavailable": "A disk inside this folder is not there",
    "folder_unreadable": "A folder cannot be read",
    "permission_denied": "A folder may not be read",
}
_ADVICE = {
    "mass_removal_held": "If you deleted or moved them yourself, confirm. If not, look whether the disk is "
    "plugged in, and have Shelfread look again.",
    "root_unavailable": "Plug the disk in, or mount it, and have Shelfread look again. If it is not going to "
    "come back, take the folder out of the library.",
    "empty": "If you emptied it yourself, confirm. If not, plug the disk in, or mount it, and have "
    "Shelfread look again.",
    "other_disk": "If you changed the disk, confirm: the next scan takes the one that is there. If not, plug "
    "the right one in.",
    "mount_unavailable": "Mount it, and have Shelfread look again. If it is not going to come back, confirm.",
    "folder_unreadable": "The disk may be damaged or its cable loose. Once the folder can be read, the next "
    "scan goes on by itself.",
    "permission_denied": "Let the user that the server runs as read it. The next scan goes on by itself.",
}
#: Why two files are probably the same.
ALIKE = {
    "content": "The content is the same, and other files have it, too.",
    "tags": "Both are of the same track, book, film or episode, in another format.",
    "name": "Both have the same name, in another format.",
}


def told(place: Mapping[str, Any]) -> dict[str, Any]:
    """A place that waits, with what people read of it."""
    code, files = place["code"], place["files"]
    # What cannot even be listed cannot be believed, whatever somebody says.
    is_away = code == "root_unavailable" and "cannot be listed" in place["reason"]
    if code == "root_unavailable" and not is_away:
        code = "empty"
    if code == "mass_removal_held":
        what = f"{counted(files, 'file', 'files')} would be marked as missing"
    else:
        what = (
            f"{counted(files, 'file is', 'files are')} known there, and nothing is taken out of the catalogue"
        )
    return {
        "path": None,
        "examples": [],
        **place,
        "title": _TITLES.get(code, "Something looks wrong"),
        "what": what,
        "advice": _ADVICE.get(code, ""),
        "can_be_confirmed": place["can_be_confirmed"] and not is_away,
        "is_away": is_away,
    }
