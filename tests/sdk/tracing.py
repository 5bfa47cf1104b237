"""Runs a program of `programs` against a deployment, and reads the trace that it left."""

import os
import pathlib
import subprocess
import time
import uuid

import reading

PROGRAMS = pathlib.Path(__file__).with_name("programs")
DEADLINE_SECONDS = 20


def of_program(kaname, command, variables=()):
    user = f"user-{uuid.uuid4().hex}"
    environment = {
        **os.environ,
        **dict(variables),
        "TRACED_URL": kaname.url,
        "TRACED_USER": user,
        "LANGFUSE_PUBLIC_KEY": kaname.public_key,
        "LANGFUSE_SECRET_KEY": kaname.secret_key,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{kaname.secret_key}",
    }
    ran = subprocess.run(command, cwd=PROGRAMS, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return of_user(kaname, user)


def of_user(kaname, user):
    """Exporters may still be at work when their program has ended its own."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = reading.read(kaname, f"/api/public/traces?userId={user}")["data"]
        if found or time.monotonic() > deadline:
            [trace] = found
            return reading.trace(kaname, trace["id"])
        time.sleep(0.1)
