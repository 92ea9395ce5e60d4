"""A model on loopback that tells what a test wants to hear, at the pace that the test sets: it speaks ``/v1/chat/completions``."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Storyteller:
    """Answers every question with ``story``, word by word, with ``pause_s`` between two; ``go_on`` lets it speak, and holds it when cleared."""

    def __init__(self) -> None:
        self.story = "Once upon a time."
        self.pause_s = 0.0
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked: list[dict[str, Any]] = []
        teller = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._whole({"object": "list", "data": [{"id": "teller", "object": "model", "context_length": 32_000}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                teller.asked.append(body)
                words = [word + " " for word in teller.story.split(" ")]
                usage = {"prompt_tokens": 120, "completion_tokens": len(words), "total_tokens": 120 + len(words)}
                if not body.get("stream"):
                    message = {"role": "assistant", "content": teller.story}
                    self._whole({"model": "teller", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    for word in words:
                        teller.go_on.wait()
                        self._event({"model": "teller", "choices": [{"index": 0, "delta": {"content": word}}]})
                        time.sleep(teller.pause_s)
                    self._event({"model": "teller", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                    self._event({"model": "teller", "choices": [], "usage": usage})
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    return  # the listener has left
                finally:
                    self.close_connection = True

            def _event(self, event: dict[str, Any]) -> None:
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()

            def _whole(self, value: dict[str, Any]) -> None:
                raw = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
