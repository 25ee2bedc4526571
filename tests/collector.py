"""A collector of traces that speaks real OTLP over HTTP, and may refuse or hang."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Came:
    """One span, as it came."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty: it begins its trace."""
    kind: int
    began: int
    ended: int
    """In nanoseconds since 1970."""
    failed: bool
    told: dict[str, str | int | bool]


@dataclass
class Collector:
    """What came to it. While `status` is not 200 it refuses; until `open` is set, it hangs."""

    url: str = ""
    spans: list[Came] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    status: int = 200
    asked: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def take(self, body: bytes) -> int:
        """Take an export, and say what is answered."""
        self.asked.set()
        self.open.wait()
        if self.status == 200:
            self.raw.append(body)
            self.spans += _read(body)
        return self.status

    def of(self, job_id: str) -> list[Came]:
        """The spans that tell of a job, and all others of their traces."""
        traces = {span.trace_id for span in [*self.spans] if span.told.get("latentrelay.job_id") == job_id}
        return [span for span in [*self.spans] if span.trace_id in traces]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector at a port of its own."""
    collector = Collector()
    collector.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            found = self.path == "/v1/traces"
            self.send_response(collector.take(gzip.decompress(body) if packed else body) if found else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        collector.open.set()
        server.shutdown()
        server.server_close()


def _read(body: bytes) -> Iterator[Came]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        names = {told.key: told.value.string_value for told in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Came(
                    service=names["service.name"],
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    kind=span.kind,
                    began=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    failed=span.status.code == span.status.STATUS_CODE_ERROR,
                    told={one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes},
                )
