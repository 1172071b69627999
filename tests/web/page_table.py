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
    "GET /jobs": "read",
    "POST /jobs": "scan",
    "GET /jobs/{job_id}": "read",
    "GET /jobs/{job_id}/log.txt": "read",
    "POST /jobs/{job_id}/cancel": "scan",
    "POST /jobs/{job_id}/retry": "scan",
    "GET /problems": "read",
    "POST /problems/retry": "scan",
    "POST /problems/{problem_id}/{act}": "scan",
    "GET /system": "read",
    "POST /system": "admin",
    "POST /system/schedules/{library_id}/{act}": "admin",
    "GET /account": "read",
    "POST /account": "read",
    "GET /account/tokens": "admin",
    "POST /account/tokens": "admin",
    "POST /account/tokens/{token_id}/revoke": "admin",
    "GET /people": "admin",
    "POST /people": "admin",
}
