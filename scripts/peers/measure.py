#!/usr/bin/env python3
"""Runs every system beside the others in turn, several rounds, and prints medians and ratios. Called by scripts/bench-peers.

The system under test has one core; the mock provider and the load have another one."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get("PEERS_ROUNDS", "3"))
SECONDS = float(os.environ.get("PEERS_SECONDS", "8"))
LOAD_CORE, SERVER_CORE = "0", "1"
CONNECTIONS = 16
START_SECONDS = 180
MODEL = "gpt-4o-mini"
LITELLM_KEY = "sk-a-key-for-load-tests-0123456789abcdef"
KEYS = ("pk-load-0123456789", "sk-load-0123456789")
MESSAGES = [{"role": "user", "content": "Say in one sentence what the quick brown fox does, and to whom it does it."}]
WHOLE = json.dumps({"model": MODEL, "messages": MESSAGES})
STREAMED = json.dumps({"model": MODEL, "messages": MESSAGES, "stream": True})
MOCK_LATENCY_MS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def running(name, core, port, command, environment=None, path="/"):
    """A server of its own process group, on one core, once it answers."""
    with tempfile.TemporaryDirectory(prefix=f"peers-{name}-") as folder:
        log = open(pathlib.Path(folder) / "log", "w+b")
        process = subprocess.Popen(
            ["taskset", "--cpu-list", core, *command], cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, **(environment or {})})
        try:
            began = time.monotonic()
            while not answers(port, path):
                if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                    log.seek(0)
                    sys.exit(f"{name} does not start:\n{log.read().decode(errors='replace')[-2000:]}")
                time.sleep(0.1)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            log.close()


def pss_mib(group):
    """The memory of all processes of a group, with shared pages counted once."""
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                rollup = (stat.parent / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1024


def peers(*arguments):
    done = subprocess.run(["taskset", "--cpu-list", LOAD_CORE, os.environ["PEERS"], *arguments],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def headers(pairs):
    return [argument for pair in pairs for argument in ("--header", pair)]


def load(url, pairs, rate, body):
    return peers("load", "--url", url, *headers(pairs), "--body", body, "--rate", str(rate), "--seconds", str(SECONDS),
                 "--warmup-seconds", "2")


def saturate(url, pairs):
    """Requests a second that were answered 2xx, by wrk with kept-alive connections."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        lines = ["wrk.method = 'POST'", f"wrk.body = [==[{WHOLE}]==]", "wrk.headers['content-type'] = 'application/json'"]
        for pair in pairs:
            name, value = pair.split(": ", 1)
            lines.append(f"wrk.headers['{name}'] = '{value}'")
        lines.append("function done(summary) print('RESULT ' .. (summary.requests - summary.errors.status) / "
                     "(summary.duration / 1e6) .. ' ' .. summary.errors.status + summary.errors.timeout) end")
        script.write("\n".join(lines))
        script.flush()
        done = subprocess.run(["taskset", "--cpu-list", LOAD_CORE, "wrk", "--threads", "1", "--connections", str(CONNECTIONS),
                               "--duration", f"{SECONDS:.0f}s", "--timeout", "20s", "--script", script.name, url],
                              check=True, capture_output=True, text=True)
    result = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    return tuple(float(number) for number in result.split()[1:])


class Direct:
    name, version = "mock alone", ""

    @contextlib.contextmanager
    def start(self, mock):
        yield None, f"http://127.0.0.1:{mock}/v1/chat/completions", []


class Kaname:
    name, version = "Kaname", "tracing and cost on"

    @contextlib.contextmanager
    def start(self, mock):
        port = free_port()
        environment = {
            "APP_SERVER__PORT": str(port), "APP_SERVER__WORKERS": "1", "APP_TELEMETRY__LOG": "warn",
            "APP_IDENTITY__KEY_HASH_SECRET": "a secret for load tests, 32 characters",
            "LANGFUSE_INIT_PROJECT_ID": "load", "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": KEYS[0],
            "LANGFUSE_INIT_PROJECT_SECRET_KEY": KEYS[1],
            "OPENAI_BASE_URL": f"http://127.0.0.1:{mock}/v1", "OPENAI_API_KEY": "mock",
        }
        with running("kaname", SERVER_CORE, port, [os.environ["KANAME_APP"]], environment, "/health/ready") as process:
            yield process, f"http://127.0.0.1:{port}/v1/chat/completions", [f"authorization: Bearer {KEYS[1]}"]


class Portkey:
    name, version = "Portkey", "1.15.2"

    @contextlib.contextmanager
    def start(self, mock):
        port = free_port()
        command = ["node", str(pathlib.Path(os.environ["PORTKEY"]).resolve()), f"--port={port}", "--headless"]
        with running("portkey", SERVER_CORE, port, command, {"NODE_ENV": "production", "PORT": str(port)}) as process:
            yield process, f"http://127.0.0.1:{port}/v1/chat/completions", [
                "x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{mock}/v1",
                "authorization: Bearer mock"]


class LiteLlm:
    name, version = "LiteLLM", "1.106.2"

    @contextlib.contextmanager
    def start(self, mock):
        port = free_port()
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            json.dump({"model_list": [{"model_name": MODEL, "litellm_params": {
                "model": f"openai/{MODEL}", "api_base": f"http://127.0.0.1:{mock}/v1", "api_key": "mock"}}]}, config)
            config.flush()
            command = [os.environ["LITELLM"], "--config", config.name, "--port", str(port), "--host", "127.0.0.1",
                       "--num_workers", "1"]
            environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": LITELLM_KEY}
            with running("litellm", SERVER_CORE, port, command, environment, "/health/liveliness") as process:
                yield process, f"http://127.0.0.1:{port}/v1/chat/completions", [f"authorization: Bearer {LITELLM_KEY}"]


def measure_gateway(system, results):
    """One round of one system: latency at two rates, streaming, saturation, memory."""
    mine = results.setdefault(system.name, {})

    def keep(what, value):
        mine.setdefault(what, []).append(value)

    slow_port, fast_port = free_port(), free_port()
    binary = os.environ["PEERS"]
    slow = [binary, "mock", "--port", str(slow_port), "--latency-ms", str(MOCK_LATENCY_MS)]
    fast = [binary, "mock", "--port", str(fast_port)]
    with running("mock", LOAD_CORE, slow_port, slow), system.start(slow_port) as (process, url, pairs):
        for rate in (100, 1000):
            found = load(url, pairs, rate, WHOLE)
            kept_up = found["failed"] + found["missed"] == 0
            keep(f"p50 at {rate}/s", found["end_us"]["p50"] if kept_up else None)
            keep(f"p99 at {rate}/s", found["end_us"]["p99"] if kept_up else None)
        found = load(url, pairs, 40, STREAMED)
        keep("first token p50", found["first_byte_us"]["p50"] if found["ok"] else None)
    with running("mock", LOAD_CORE, fast_port, fast), system.start(fast_port) as (process, url, pairs):
        rate, errors = saturate(url, pairs)
        keep("requests/s", rate)
        keep("errors", errors)
        if process:
            keep("memory", pss_mib(process.pid))


def measure_ingest(name, start, results):
    with start as (process, url, pairs):
        found = peers("spans", "--url", url, *headers(pairs), "--seconds", str(SECONDS), "--connections", "4")
        mine = results.setdefault(name, {})
        mine.setdefault("spans/s", []).append(found["spans_per_second"])
        mine.setdefault("statuses", []).append(found["requests_by_status"])
        mine.setdefault("memory", []).append(pss_mib(process.pid))


@contextlib.contextmanager
def kaname_spans():
    with Kaname().start(free_port()) as (process, url, _):
        basic = base64.b64encode(":".join(KEYS).encode()).decode()
        yield process, url.replace("/v1/chat/completions", "/v1/traces"), [f"authorization: Basic {basic}"]


@contextlib.contextmanager
def phoenix_spans():
    port, grpc = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="peers-phoenix-data-") as data:
        environment = {"PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(grpc), "PHOENIX_WORKING_DIR": data,
                       "PHOENIX_HOST": "127.0.0.1", "PHOENIX_TELEMETRY_ENABLED": "false"}
        with running("phoenix", SERVER_CORE, port, [os.environ["PHOENIX"], "serve"], environment, "/healthz") as process:
            yield process, f"http://127.0.0.1:{port}/v1/traces", []


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if len(known) == len(values) else None


def text(value, digits=2, unit="", missing="did not keep up"):
    return missing if value is None else f"{value:,.{digits}f}{unit}"


def print_gateways(results):
    base = results[Direct.name]
    print("\n| | added p50, 100/s | added p99, 100/s | added p50, 1,000/s | added p99, 1,000/s | added to first token, p50"
          " | requests/s | times | memory |\n|---|---|---|---|---|---|---|---|---|")
    slowest = median(results[LiteLlm.name]["requests/s"])
    for system in (Direct, Kaname, Portkey, LiteLlm):
        mine, cells = results[system.name], []
        for what in ("p50 at 100/s", "p99 at 100/s", "p50 at 1000/s", "p99 at 1000/s", "first token p50"):
            value, alone = median(mine[what]), median(base[what])
            added = None if value is None else (value - alone) / 1000
            missing = "no stream" if what.startswith("first token") else "did not keep up"
            cells.append(f"({alone / 1000:.2f} ms)" if system is Direct else text(added, unit=" ms", missing=missing))
        rate = median(mine["requests/s"])
        cells += [text(rate, 0), f"{rate / slowest:.0f} ×", text(median(mine["memory"]), 0, " MiB") if "memory" in mine else ""]
        print(f"| {system.name} {system.version} | " + " | ".join(cells) + " |")


def print_ingest(results):
    print("\n| | spans/s accepted | times | answers | memory |\n|---|---|---|---|---|")
    slowest = median(results["Phoenix"]["spans/s"])
    for name, mine in results.items():
        rate = median(mine["spans/s"])
        print(f"| {name} | {rate:,.0f} | {rate / slowest:.1f} × | {mine['statuses'][-1]} | {median(mine['memory']):,.0f} MiB |")


def main():
    gateways, ingest = {}, {}
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        for system in (Direct(), Kaname(), Portkey(), LiteLlm()):
            measure_gateway(system, gateways)
        measure_ingest("Kaname", kaname_spans(), ingest)
        measure_ingest("Phoenix", phoenix_spans(), ingest)
    print_gateways(gateways)
    print_ingest(ingest)


if __name__ == "__main__":
    main()
