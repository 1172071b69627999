"""Examples for the description of the API: what the larger answers look like, by the names of their shapes.

What is not here is put together from the examples of its parts (`example_of`). Knows no route.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shelfread.api.book_examples import BOOKS
from shelfread.api.video_examples import VIDEOS

_AT = "2026-01-31T08:15:30.123456Z"
_JOB = "8b1f4c9e-2f5d-4a39-9d0f-0d1c1f6f7a10"
_MBID = "b7ffd2af-418f-4be2-bdd1-22f8b48613da"

_ARTIST = {
    "kind": "artist",
    "id": 3,
    "library_id": 1,
    "name": "Björk",
    "sort_name": "Björk",
    "mbid": "87c5dedd-371d-4a53-9f7f-80522fb7f3cb",
}
_RELEASE = {
    "kind": "release",
    "id": 12,
    "library_id": 1,
    "title": "Homogenic",
    "edition": None,
    "artist": "Björk",
    "artists": [{"id": 3, "name": "Björk"}],
    "date": "1997-09-20",
    "year": 1997,
    "original_date": None,
    "compilation": False,
    "disc_total": 1,
    "mbid": _MBID,
    "releasegroup_mbid": None,
    "cover": {"digest": "6f0c" * 16, "mime": "image/webp", "width": 400, "height": 400},
    "added_at": _AT,
}
_TRACK = {
    "kind": "track",
    "id": 140,
    "library_id": 1,
    "release_id": 12,
    "title": "Jóga",
    "artist": "Björk",
    "albumartist": "Björk",
    "album": "Homogenic",
    "edition": None,
    "genre": "Electronic",
    "genres": ["Electronic"],
    "composer": None,
    "credits": [{"id": 3, "name": "Björk", "role": "artist"}],
    "track": 2,
    "track_text": "2",
    "track_total": 10,
    "disc": 1,
    "disc_total": 1,
    "disc_subtitle": None,
    "date": "1997-09-20",
    "year": 1997,
    "original_date": None,
    "bpm": None,
    "compilation": None,
    "recording_mbid": None,
    "track_mbid": None,
    "release_mbid": _MBID,
    "releasegroup_mbid": None,
    "track_gain": -8.4,
    "track_peak": 0.98,
    "album_gain": None,
    "album_peak": None,
    "container": "flac",
    "codec": "flac",
    "duration_s": 305.1,
    "bitrate_kbps": 871,
    "sample_rate": 44100,
    "channels": 2,
    "bit_depth": 16,
    "has_cover": True,
    "size": 33218447,
    "modified_at": _AT,
    "status": "ready",
    "added_at": _AT,
    "problems": [],
    "path": "/srv/music/Björk/Homogenic/02 Jóga.flac",
}
_RELEASES = {"items": [_RELEASE], "next": None}
_TOKEN = {
    "id": 2,
    "name": "backup script",
    "scope": "read",
    "created_at": _AT,
    "used_at": None,
    "expires_at": None,
    "revoked_at": None,
}

#: By the name of the shape.
EXAMPLES: Mapping[str, Any] = {
    "Me": {
        "name": "ada",
        "scope": "admin",
        "scopes": ["admin", "read", "scan"],
        "user_id": 1,
        "token_id": None,
    },
    "UserShape": {"id": 1, "name": "ada", "scope": "admin", "created_at": _AT},
    "TokenShape": _TOKEN,
    "MadeToken": _TOKEN | {"secret": "shelfread_q0Zk..."},
    "LibraryShape": {
        "id": 1,
        "name": "Music",
        "kind": "music",
        "options": {
            "follow_symlinks": False,
            "ignore_ctime": False,
            "ignore_inode": False,
            "ignore": ["extras/"],
        },
        "roots": [
            {
                "id": 1,
                "state": "available",
                "reason": None,
                "confirmed": True,
                "empty_ok": False,
                "watch": {"state": "watching", "reason": None, "since": _AT, "swept": None},
                "path": "/srv/music",
            }
        ],
        "schedule": {
            "cron": "0 3 * * *",
            "words": "every day at 03:00",
            "zone": "Europe/Berlin",
            "next_run": _AT,
            "last_run": None,
            "last_job_id": None,
            "last_status": None,
            "paused_since": None,
            "problem": None,
        },
        "items": {
            "ready": 9120,
            "missing": 0,
            "error": 2,
            "artists": 412,
            "releases": 803,
            "genres": 37,
            "series": 0,
            "movies": 0,
            "shows": 0,
            "episodes": 0,
            "held": 0,
        },
    },
    "PruneRequest": {"dry_run": True, "older_than_days": 90},
    "HeldRequest": {"root_ids": [1]},
    "ScheduleGiven": {"cron": "0 3 * * *", "zone": "Europe/Berlin"},
    "LibraryChange": {"add_paths": ["/srv/more-music"], "schedule": "0 3 * * *"},
    "JobShape": {
        "id": _JOB,
        "seq": 17,
        "library_id": 1,
        "type": "scan",
        "status": "running",
        "origin": "request",
        "request_id": None,
        "items_found": 5159,
        "items_added": 1500,
        "items_updated": 0,
        "items_moved": 0,
        "items_restored": 0,
        "items_unchanged": 0,
        "items_removed": 0,
        "items_failed": 1,
        "items_skipped": 0,
        "items_total": None,
        "phase": "discovering",
        "current_path": "/srv/music/Björk/Homogenic",
        "error": None,
        "reason": None,
        "attempt": 1,
        "losses": 0,
        "queued_at": _AT,
        "started_at": _AT,
        "completed_at": None,
        "heartbeat_at": _AT,
        "run_at": None,
        "cancel_requested_at": None,
        "timeout_s": 21600,
        "worker": {"id": "5f0c6d1e-9a3b-4c7d-8e2f-1a0b9c8d7e6f", "host": "shelf", "pid": 4321},
        "report": None,
    },
    "LineShape": {
        "seq": 4,
        "at": _AT,
        "level": "warning",
        "message": "truncated: the file ends before its header says it should",
        "path": "/srv/music/Björk/Homogenic/02 Jóga.flac",
    },
    "JobProblem": {
        "id": 5,
        "library_id": 1,
        "code": "truncated",
        "detail": "the file ends before its header says it should",
        "found_at": _AT,
        "ignored_at": None,
        "path": "/srv/music/Björk/Homogenic/02 Jóga.flac",
    },
    "Cancelling": {"job_id": _JOB, "status": "running", "message": "it was asked to stop"},
    "ArtistShape": _ARTIST,
    "ReleaseShape": _RELEASE,
    "TrackShape": _TRACK,
    **BOOKS,
    **VIDEOS,
    "WholeArtist": _ARTIST | {"releases": _RELEASES, "appearances": {"items": [], "next": None}},
    "WholeRelease": _RELEASE | {"tracks": {"items": [_TRACK], "next": None}},
}

_PLAIN: Mapping[str, Any] = {"string": "...", "integer": 1, "number": 1.0, "boolean": False, "null": None}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """An example of a schema: the one it has, or one that is put together from its parts.

    Args:
        schema: as OpenAPI has it.
        schemas: the components that it may refer to, by name.
    """
    if (reference := schema.get("$ref")) is not None:
        name = str(reference).rpartition("/")[2]
        return EXAMPLES[name] if name in EXAMPLES else example_of(schemas[name], schemas)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: example_of(part, schemas) for name, part in schema.get("properties", {}).items()}
    return _PLAIN.get(str(schema.get("type")))
