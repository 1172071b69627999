"""`/metrics`: what a monitoring system asks again and again, in the text form of Prometheus.

Stands on `app.meter`, which reads the tables, so that every server of a catalogue says the same of jobs,
files and problems; workers and the process are this server's own. No label has a name, an id or a path: how
many lines there are does not depend on what is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from shelfread import __version__
from shelfread.api.access import needs
from shelfread.api.health import Workers
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.meter import Meter, Readings


def metric_routes(app: App, workers: Workers) -> APIRouter:
    """The route.

    Args:
        app: whose catalogue is measured.
        workers: those of this process.
    """
    routes = ApiRoutes(tags=["server"], dependencies=[needs("read")])
    meter = Meter(app.database)
    # Not the registry of the process: a test has several servers in one.
    process = CollectorRegistry()
    ProcessCollector(registry=process)

    @routes.get(
        "/metrics",
        operation_id="get_metrics",
        response_class=Response,
        responses={
            200: {
                "description": "Metrics in the text form of Prometheus",
                "content": {
                    "text/plain": {
                        "schema": {"type": "string"},
                        "example": 'shelfread_jobs{state="queued"} 2.0\n',
                    }
                },
            }
        },
    )
    async def metrics() -> Response:
        """How jobs, files, problems and workers fare, for Prometheus."""
        registry = CollectorRegistry()
        registry.register(_Families(await meter.read(), workers))
        text = generate_latest(registry) + generate_latest(process)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return routes


class _Families(Collector):
    """The numbers of one look, with their names."""

    def __init__(self, readings: Readings, workers: Workers) -> None:
        self._readings = readings
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        found, workers = self._readings, self._workers
        yield InfoMetricFamily("shelfread_build", "The version of this server.", {"version": __version__})
        jobs = GaugeMetricFamily("shelfread_jobs", "Jobs that wait or run now, by state.", labels=["state"])
        jobs.add_metric(["queued"], found.queued)
        jobs.add_metric(["running"], found.running)
        yield jobs
        ended = CounterMetricFamily(
            "shelfread_jobs_ended", "Jobs that have ended, by how they ended.", labels=["state"]
        )
        for status, count in found.ended.items():
            ended.add_metric([status.value], count)
        yield ended
        yield GaugeMetricFamily(
            "shelfread_jobs_oldest_wait_seconds",
            "How long the job waits that waits longest; 0 when none waits.",
            found.oldest_wait_s,
        )
        yield CounterMetricFamily("shelfread_files", "Files that jobs have processed.", found.files)
        yield GaugeMetricFamily(
            "shelfread_files_per_second",
            "Files a second of the jobs that run now, each since it began; 0 when none runs.",
            found.files_per_second,
        )
        yield SummaryMetricFamily(
            "shelfread_batch_seconds",
            "How long batches of files took to be committed, the wait for other writers included.",
            count_value=found.batches,
            sum_value=found.batches_s,
        )
        problems = GaugeMetricFamily(
            "shelfread_problems", "Open problems that nobody set aside, by code.", labels=["code"]
        )
        for code, count in found.problems.items():
            problems.add_metric([code], count)
        yield problems
        own = GaugeMetricFamily(
            "shelfread_workers",
            "Workers of this server: that there should be, that are there, and that do a job.",
            labels=["state"],
        )
        for state in ("wanted", "present", "busy"):
            own.add_metric([state], getattr(workers, state))
        yield own
