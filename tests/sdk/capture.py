"""Writes down what published SDKs really send: `python capture.py NAME PROGRAM...` runs a program with the addresses of a
recording server in its environment, and keeps the spans that it exports in NAME.request.json, as OTLP in JSON."""

import base64
import gzip
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "otlp"
# What says where it was captured, and nothing of what was traced.
PRIVATE = {"process.", "host.", "os.", "service.instance"}
ADDRESSES = {"TRACED_USER": "user-1", "LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": "sk-lf-1"}
COMPLETION = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello 世界!"}}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
              "prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 50}},
}


class Recorder(http.server.BaseHTTPRequestHandler):
    """Takes traces, and answers calls of models."""

    protocol_version = "HTTP/1.1"
    captured = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = b"".join(self.chunks())
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if "traces" in self.path:
            is_json = "json" in self.headers["content-type"]
            self.captured.extend((json.loads(body) if is_json else from_protobuf(body))["resourceSpans"])
            return self.answer({} if is_json else None)
        self.answer(COMPLETION)

    def chunks(self):
        """JavaScript's exporters do not say how long a body is."""
        if length := self.headers.get("content-length"):
            yield self.rfile.read(int(length))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def answer(self, body):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json" if body is not None else "application/x-protobuf")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def from_protobuf(body):
    request = json_format.MessageToDict(ExportTraceServiceRequest.FromString(body))

    def hexadecimal(value):
        if isinstance(value, list):
            return [hexadecimal(item) for item in value]
        if not isinstance(value, dict):
            return value
        ids = ("traceId", "spanId", "parentSpanId")
        return {key: base64.b64decode(item).hex() if key in ids else hexadecimal(item) for key, item in value.items()}

    return hexadecimal(request)


def main(name, *program):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    subprocess.run(program, check=True, timeout=120, env={**os.environ, **ADDRESSES, "TRACED_URL": url})
    for resource in Recorder.captured:
        attributes = resource.get("resource", {}).get("attributes", [])
        attributes[:] = [a for a in attributes if not a["key"].startswith(tuple(PRIVATE))]
    text = json.dumps({"resourceSpans": Recorder.captured}, indent=1, ensure_ascii=False)
    GOLDEN.joinpath(f"{name}.request.json").write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
