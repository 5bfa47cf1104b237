"""The running binary, its documents and its search, as a caller sees them over HTTP. Standard library only."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
import uuid

KEYS = ("pk-search-0123456789", "sk-search-0123456789")
PROJECT = "/api/v1/projects/search"
START_SECONDS = 60
INDEX_SECONDS = 3600


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class App:
    """One process with every role, on one database."""

    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {KEYS[1]}"}
        if body is not None:
            headers["Content-Type"] = kind
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text) if text else None

    def upload(self, name, text):
        """Uploads a Markdown file; the document's id."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}.md"\r\n\r\n{text}\r\n',
            f'--{boundary}\r\nContent-Disposition: form-data; name="allow_duplicate"\r\n\r\ntrue\r\n--{boundary}--\r\n',
        ]
        kind = f"multipart/form-data; boundary={boundary}"
        answer = self.ask("POST", f"{PROJECT}/documents", "".join(parts).encode(), kind)
        return answer["document"]["id"]

    def upload_all(self, documents):
        """Uploads texts by name and waits until the last can be found; the ids by name."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            ids = dict(zip(documents, pool.map(lambda item: self.upload(*item), documents.items())))
        deadline = time.monotonic() + INDEX_SECONDS
        for state in ("uploaded", "reading", "read"):
            while self.ask("GET", f"{PROJECT}/documents?state={state}&limit=1")["items"]:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"documents stay {state}")
                time.sleep(0.5)
        failed = self.ask("GET", f"{PROJECT}/documents?state=failed&limit=5")["items"]
        if failed:
            raise RuntimeError(f"documents failed: {failed}")
        return ids

    def search(self, body):
        return self.ask("POST", f"{PROJECT}/search", body)

    def evaluate(self, queries, language):
        """Has the product evaluate queries of (text, document id) with its default settings; the run."""
        lines = [
            json.dumps({"text": text, "language": language, "relevant": [{"document_id": document}]}, ensure_ascii=False)
            for text, document in queries
        ]
        self.ask("POST", f"{PROJECT}/search/queries/import", "\n".join(lines).encode(), "application/x-ndjson")
        self.ask("POST", f"{PROJECT}/search/runs", {"setting": 0})
        deadline = time.monotonic() + INDEX_SECONDS
        while time.monotonic() < deadline:
            runs = self.ask("GET", f"{PROJECT}/search/runs")["items"]
            if runs:
                return runs[0]
            time.sleep(0.5)
        raise TimeoutError("the evaluation does not end")


@contextlib.contextmanager
def running(database, settings=None, folder=None):
    """The binary at KANAME_APP on a database and a data directory, which is a new one unless it is given."""
    with contextlib.ExitStack() as stack:
        folder = folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="search-"))
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": database or sqlite_in(folder),
            "APP_STORAGE__DIRECTORY": folder,
            "APP_SERVER__PORT": str(port),
            "APP_TELEMETRY__LOG": "warn",
            "APP_IDENTITY__KEY_HASH_SECRET": "a secret for measuring, 32 characters",
            "LANGFUSE_INIT_PROJECT_ID": "search",
            "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": KEYS[0],
            "LANGFUSE_INIT_PROJECT_SECRET_KEY": KEYS[1],
            **(settings or {}),
        }
        process = subprocess.Popen([os.environ["KANAME_APP"]], env=environment, stdout=subprocess.DEVNULL)
        try:
            app = App(port)
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    app.ask("GET", "/api/v1/project")
                    break
                except (OSError, RuntimeError):
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            yield app
        finally:
            process.terminate()
            process.wait(timeout=60)


def sqlite_in(folder):
    return f"sqlite:{folder}/kaname.db"
