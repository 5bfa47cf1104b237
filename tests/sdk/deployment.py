"""Kaname as it is deployed: the real binary, in one process or in one for each role."""

import contextlib
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import tempfile
import urllib.parse

APP = os.environ["KANAME_APP"]
PUBLIC_KEY = "pk-lf-sdk-tests-0001"
SECRET_KEY = "sk-lf-sdk-tests-0001"
PROJECT = "sdk-tests"
STOP_SECONDS = 40


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One `app` process, started and ready."""

    def __init__(self, folder, environment, arguments):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**environment, "APP_SERVER__PORT": str(self.port)}
        self.folder = folder
        name = "-".join(arguments).strip("-") or "all"
        self.log_path = pathlib.Path(folder) / f"{name}-{self.port}.log"
        self.log = open(self.log_path, "wb")
        self.child = subprocess.Popen(
            [APP, *arguments], cwd=folder, env=self.environment, stdout=self.log, stderr=self.log
        )
        ready = subprocess.run(
            [APP, "health", "--wait-for", "60s"], cwd=folder, env=self.environment, capture_output=True, text=True
        )
        if ready.returncode != 0:
            self.kill()
            raise RuntimeError(f"{arguments} is not ready: {ready.stderr}\n{self.log_path.read_text()}")

    def stop(self):
        """A clean end: SIGTERM, and exit code 0 once everything in progress is written."""
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(STOP_SECONDS)
        self.log.close()
        assert code == 0, f"exit code {code}:\n{self.log_path.read_text()[-5000:]}"

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.log.close()


class Kaname:
    """What a test sees: where to call, and with which keys."""

    def __init__(self, kind, api, provider):
        self.kind = kind
        self.url = api.url
        self.public_key = PUBLIC_KEY
        self.secret_key = SECRET_KEY
        self.project = PROJECT
        self.provider = provider


def environment(provider):
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # Where scripts/engines found what reads files.
    engines = {name: value for name, value in os.environ.items() if name.startswith("APP_DOCUMENTS__ENGINES__")}
    return {
        **keep,
        **engines,
        **provider.settings(),
        "LANGFUSE_INIT_PROJECT_ID": PROJECT,
        "LANGFUSE_INIT_PROJECT_NAME": "SDK tests",
        "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": PUBLIC_KEY,
        "LANGFUSE_INIT_PROJECT_SECRET_KEY": SECRET_KEY,
    }


@contextlib.contextmanager
def embedded(provider):
    """Every role in one process, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        process = Process(folder, environment(provider), [])
        yield Kaname("embedded", process, provider)
        process.stop()


@contextlib.contextmanager
def distributed(provider):
    """One process for each role, on PostgreSQL and Redis."""
    with tempfile.TemporaryDirectory() as folder, redis(folder) as redis_url:
        variables = {
            **environment(provider),
            "DATABASE_URL": new_database(),
            "REDIS_URL": redis_url,
            "APP_IDENTITY__KEY_HASH_SECRET": secrets.token_hex(32),
        }
        subprocess.run([APP, "migrate"], cwd=folder, env=variables, check=True, capture_output=True)
        variables["APP_DATABASE__MIGRATE_ON_START"] = "false"
        roles = ["api", "worker", "event-processor"]
        processes = [Process(folder, variables, ["--role", role]) for role in roles]
        yield Kaname("distributed", processes[0], provider)
        for process in processes:
            process.stop()


def new_database():
    server = urllib.parse.urlsplit(os.environ["TEST_POSTGRES_URL"])
    name = f"sdk_{secrets.token_hex(8)}"
    psql = os.path.join(os.environ["TEST_POSTGRES_BIN"], "psql")
    subprocess.run([psql, server.geturl(), "-qc", f"CREATE DATABASE {name}"], check=True)
    return server._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def redis(folder):
    """A server of its own: another run's events are not for this database."""
    port = free_port()
    command = [os.environ["TEST_REDIS_SERVER"], "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
