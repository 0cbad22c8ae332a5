"""The tally in Prometheus' format, on this machine's loopback only, when somebody asks for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from blinkpos_desktop.domain.parts import Health, Part
from blinkpos_desktop.services.tally import Histogram, Tally

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import Metric

ADDRESS: Final = "127.0.0.1"
SAMPLE_SECONDS: Final = 5.0
BEAT_SECONDS: Final = 0.5
_log = logging.getLogger(__name__)


class TallyCollector:
    """Reads the tally at each scrape (``prometheus_client``'s collector)."""

    def __init__(self, tally: Tally) -> None:
        """Take the tally."""
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """Return every metric."""
        tally = self._tally
        yield _counter("blinkpos_sales", "Paid sales that this till saw.", tally.sales)
        yield _counter(
            "blinkpos_received_sats", "Sats received by these sales.", tally.received_sats
        )
        yield _counters(
            "blinkpos_payment_moves", "Payments that came into a state.", tally.payments
        )
        yield _counters(
            "blinkpos_transfer_moves", "Transfers that came into a state.", tally.transfers
        )
        yield _gauges(
            "blinkpos_payments",
            "Payments that are open now: unfinished, or money may still arrive.",
            tally.open_payments,
        )
        yield _gauges(
            "blinkpos_transfers", "Transfers of unfinished payments now.", tally.open_transfers
        )
        yield _gauge("blinkpos_attention", "What waits for a person.", tally.attention)
        yield _histogram(
            "blinkpos_forwarding_seconds", "From a payment to its completion.", tally.forwarding
        )
        yield from self._blink()
        yield from self._parts()

    def _blink(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        tally = self._tally
        requests = CounterMetricFamily(
            "blinkpos_blink_requests",
            "Requests to Blink by document and outcome.",
            labels=("document", "outcome"),
        )
        for (document, outcome), count in tally.requests.copy().items():
            requests.add_metric((document, outcome), count)
        yield requests
        latency = HistogramMetricFamily(
            "blinkpos_blink_request_seconds", "How long they took.", labels=("document",)
        )
        for document, histogram in tally.latency.copy().items():
            latency.add_metric((document,), histogram.cumulated(), histogram.sum)
        yield latency
        yield _counter(
            "blinkpos_websocket_reconnects",
            "How often Blink's updates were connected again.",
            max(tally.connections - 1, 0),
        )

    def _parts(self) -> Iterator[Metric]:
        tally = self._tally
        known = tally.parts.copy()
        is_up = {
            part.value.lower(): int(known[part].health is Health.OK)
            for part in Part
            if part in known and known[part].health is not Health.OFF
        }
        yield _gauges("blinkpos_up", "1 while a part is there.", is_up, label="part")
        if (pool := tally.pool) is not None:
            states = {"lent": pool.lent, "free": pool.size - pool.lent, "waiting": pool.waiting}
            yield _gauges("blinkpos_pool", "The till's connections, and who waits.", states)
        yield _gauge("blinkpos_loop_lag_seconds", "How late the loop was, lately.", tally.lag)
        yield _gauge(
            "blinkpos_loop_lag_worst_seconds", "The worst since the start.", tally.worst_lag
        )


class MetricsServer:
    """Serves the tally's metrics until it is stopped, in a thread of the library's."""

    def __init__(self, tally: Tally, port: int) -> None:
        """Take what is served, and where; nothing is imported or opened yet."""
        self._tally, self._port = tally, port
        self._serving: tuple[WSGIServer, Thread] | None = None

    async def run(self) -> None:
        """Serve until cancelled; a port that is taken costs the metrics, not the sale."""
        try:
            self._serving = await asyncio.to_thread(self._start)
        except OSError as error:
            _log.error("no metrics on port %d: %s", self._port, error)
            return
        try:
            while True:
                began = asyncio.get_running_loop().time()
                await asyncio.sleep(BEAT_SECONDS)
                late = asyncio.get_running_loop().time() - began - BEAT_SECONDS
                self._tally.note_lag(late)
        finally:
            server, thread = self._serving
            # It ends at its next look, within half a second: nobody waits for it in the loop.
            await asyncio.shield(asyncio.to_thread(_stop, server, thread))

    def _start(self) -> tuple[WSGIServer, Thread]:
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        registry.register(TallyCollector(self._tally))
        return start_http_server(self._port, addr=ADDRESS, registry=registry)


def _stop(server: WSGIServer, thread: Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()


def _counter(name: str, about: str, value: float) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(name, about, value=value)


def _gauge(name: str, about: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, about, value=value)


def _counters(name: str, about: str, values: Mapping[str, int]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return _labelled(CounterMetricFamily(name, about, labels=("state",)), values)


def _gauges(name: str, about: str, values: Mapping[str, int], label: str = "state") -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return _labelled(GaugeMetricFamily(name, about, labels=(label,)), values)


def _labelled(family: Any, values: Mapping[str, int]) -> Metric:  # noqa: ANN401 (either family)
    for label, value in dict(values).items():
        family.add_metric((label,), value)
    metric: Metric = family
    return metric


def _histogram(name: str, about: str, histogram: Histogram) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    return HistogramMetricFamily(
        name, about, buckets=histogram.cumulated(), sum_value=histogram.sum
    )
