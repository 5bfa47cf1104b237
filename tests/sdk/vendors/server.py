"""One local server that speaks every vendor's API. Whatever it is asked, and whatever it answers, the vendor's SDK checks:
a request of another shape is refused with what is wrong with it.

A model whose name holds `fails-429` is answered with that error.
"""

import json
import re

from provider import Handler, Provider
from vendors import converse, generate_content, messages, openai_api, story


class Vendors(Provider):
    def handler(self):
        return VendorHandler

    def settings(self):
        return {
            **super().settings(),
            "ANTHROPIC_BASE_URL": self.origin,
            "ANTHROPIC_API_KEY": story.KEY,
            "GEMINI_API_KEY": story.KEY,
            "APP_GATEWAY__PROVIDERS__GEMINI__BASE_URL": f"{self.origin}/v1beta",
            "APP_GATEWAY__PROVIDERS__BEDROCK__BASE_URL": self.origin,
            "AWS_REGION": story.REGION,
            "AWS_ACCESS_KEY_ID": story.ACCESS_KEY[0],
            "AWS_SECRET_ACCESS_KEY": story.ACCESS_KEY[1],
        }

    def asked(self):
        """The body of the one request that came, as text."""
        [request] = self.requests
        return json.dumps(request["body"])


class VendorHandler(Handler):
    # The first whose path is asked.
    SPOKEN = [
        (re.compile(r"/v1/messages/count_tokens$"), messages.count_tokens),
        (re.compile(r"/v1/messages$"), messages.create),
        (re.compile(r"/v1/responses$"), openai_api.respond),
        (re.compile(r"/v1/embeddings$"), openai_api.embed),
        (re.compile(r"/v1/chat/completions$"), openai_api.complete),
        (re.compile(r"/model/([^/]+)/(converse|converse-stream|invoke)$"), converse.answer),
        (re.compile(r"/v1beta/models/([^/]+):(\w+)(\?alt=sse)?$"), generate_content.answer),
    ]

    def do_POST(self):
        self.raw = self.rfile.read(int(self.headers["content-length"]))
        body = json.loads(self.raw)
        self.record(body)
        for path, speak in self.SPOKEN:
            if found := path.search(self.path):
                return speak(self, body, *found.groups())
        self.answer(404, {"error": {"message": f"no vendor has {self.path}"}})

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/v1/models" and "anthropic-version" in self.headers:
            self.record(None)
            return self.answer(200, messages.MODELS)
        if path == "/v1beta/models":
            self.record(None)
            return self.answer(200, generate_content.MODELS)
        if path == "/foundation-models":
            self.record(None)
            return self.answer(200, converse.MODELS)
        if path.startswith("/v1/responses/"):
            self.record(None)
            return openai_api.stored(self, path)
        super().do_GET()

    def do_DELETE(self):
        self.record(None)
        openai_api.deleted(self)

