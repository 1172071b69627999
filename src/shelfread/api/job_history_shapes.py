"""What answers that look back over jobs are like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class JobCounts(BaseModel):
    """How many jobs there are in each state."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"queued": 2, "running": 1, "completed": 841, "failed": 3, "cancelled": 12}]
        }
    )

    queued: int
    running: int
    completed: int
    failed: int = Field(description="Also those whose state this version does not know.")
    cancelled: int
