"""An owner's webhook: takes alerts over real HTTP, or refuses them as it is told."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any, Self


class Hook:
    """A server on loopback. ``status`` is what it answers; what it refuses it does not keep."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refused = 0
        self.status = 204
        self.hangs = threading.Event()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                while hook.hangs.is_set():
                    time.sleep(0.01)
                if hook.status < 300:
                    hook.taken.append(body)
                else:
                    hook.refused += 1
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/T0KEN-of-the-hook"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hangs.clear()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def told(self) -> list[tuple[str, str]]:
        """What was taken: kind and state."""
        return [(body["alert"], body["state"]) for body in self.taken]
