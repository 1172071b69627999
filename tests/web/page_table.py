"""What each page is meant to need. A new one has to be written down here, too."""

from __future__ import annotations

PAGES = {
    "GET /setup": "open",
    "POST /setup": "open",
    "GET /static/{name}": "open",
    "GET /login": "open",
    "POST /login": "open",
    "POST /logout": "open",
    "POST /theme": "open",
    "GET /browse": "read",
    "GET /browse/{word}": "read",
    "GET /browse/artists/{row_id}": "read",
    "GET /browse/releases/{row_id}": "read",
    "GET /browse/tracks/{row_id}": "read",
    "GET /browse/series/{row_id}": "read",
    "GET /browse/books/{row_id}": "read",
    "GET /browse/movies/{row_id}": "read",
    "GET /browse/shows/{row_id}": "read",
    "GET /browse/shows/{row_id}/seasons/{number}": "read",
    "GET /browse/episodes/{row_id}": "read",
    "GET /browse/videos/{row_id}": "read",
    "GET /jobs": "read",
    "POST /jobs": "scan",
    "GET /jobs/{job_id}": "read",
    "GET /jobs/{job_id}/log.txt": "read",
    "POST /jobs/{job_id}/cancel": "scan",
    "POST /jobs/{job_id}/retry": "scan",
    "GET /problems": "read",
    "POST /problems/retry": "scan",
    "POST /problems/{problem_id}/{act}": "scan",
}
