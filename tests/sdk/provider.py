"""A model provider on loopback that speaks OpenAI's wire format. How it behaves is chosen by the model's name."""

import http.server
import json
import threading

USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 50},
}
# 600 × 0.15 + 400 × 0.075 + 200 × 0.60 US dollars for a million tokens of gpt-4o-mini
COST = 0.00024
ANSWER = "Hello 世界!"
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Tokyo"}'}}


class Provider:
    """`with Provider() as provider`: runs until the block ends, and keeps what it was asked."""

    def __enter__(self):
        self.requests = []
        self.client_left = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.provider = self
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def reset(self):
        self.requests.clear()
        self.client_left.clear()

    def handler(self):
        return Handler

    def settings(self):
        """Variables with which Kaname calls this provider."""
        return {"OPENAI_BASE_URL": f"{self.origin}/v1", "OPENAI_API_KEY": "provider-key"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.record(None)
        models = [{"id": id, "object": "model", "created": 1700000000, "owned_by": "test"} for id in ("gpt-4o-mini", "o3")]
        path = self.path.removeprefix("/v1/models").strip("/")
        if not path:
            self.answer(200, {"object": "list", "data": models})
        elif found := [model for model in models if model["id"] == path]:
            self.answer(200, found[0])
        else:
            self.answer(404, {"error": {"message": f"no model {path}", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.record(body)
        behaviour = getattr(self, "be_" + body["model"].replace("-", "_"), self.be_good)
        behaviour(body)

    def record(self, body):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.provider.requests.append({"path": self.path, "headers": headers, "body": body})

    def be_good(self, body):
        if not body.get("stream"):
            return self.answer(200, completion(body))
        self.begin_stream()
        if body.get("tools"):
            function = TOOL_CALL["function"]
            self.send(chunk({"role": "assistant", "content": None, "tool_calls": [
                {"index": 0, **TOOL_CALL, "function": {**function, "arguments": ""}}]}))
            for part in (function["arguments"][:7], function["arguments"][7:]):
                self.send(chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}))
            self.send(chunk({}, "tool_calls"))
        else:
            self.send(chunk({"role": "assistant", "content": ""}))
            for part in ANSWER:
                self.send(chunk({"content": part}))
            self.send(chunk({}, "stop"))
        if body.get("stream_options", {}).get("include_usage"):
            self.send({**chunk({}), "choices": [], "usage": USAGE})
        self.frame(b"data: [DONE]\n\n")
        self.frame(b"")

    def be_rate_limited_once(self, body):
        asked = [r for r in self.server.provider.requests if r["body"] and r["body"]["model"] == body["model"]]
        if len(asked) > 1:
            return self.be_good(body)
        error = {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
        self.answer(429, {"error": error}, {"retry-after-ms": "1"})

    def be_failing(self, _):
        self.answer(500, {"error": {"message": "it broke", "type": "server_error", "param": None, "code": None}})

    def be_cut_off(self, _):
        self.begin_stream()
        self.send(chunk({"role": "assistant", "content": "Hel"}))
        self.close_connection = True

    def be_never_ending(self, _):
        self.begin_stream()
        self.send(chunk({"role": "assistant", "content": "Hel"}))
        self.connection.recv(1)  # returns when the caller closes
        self.server.provider.client_left.set()
        self.close_connection = True

    def answer(self, status, body, headers=()):
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {**dict(headers), "content-type": "application/json", "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self, content_type="text/event-stream"):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def send(self, data):
        self.frame(b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n")

    def frame(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def completion(body):
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    if body.get("tools"):
        message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [TOOL_CALL]}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "logprobs": None,
                     "finish_reason": "tool_calls" if body.get("tools") else "stop"}],
        "usage": USAGE, "a_new_field": {"kept": True},
    }


def chunk(delta, finish_reason=None):
    return {
        "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
