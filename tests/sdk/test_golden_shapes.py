"""The golden files of dialects (`tests/golden/dialects`) against the SDKs of their vendors: what we send must be a request
to them, what we read must be an answer of theirs, and what we answer must be one to the SDK that asked."""

import json
import pathlib

import pytest

from vendors import shapes

FOLDERS = sorted(path for path in (pathlib.Path(__file__).parents[1] / "golden" / "dialects").iterdir() if path.is_dir())
# What vendors' SDKs have no type for, though their servers do it, and what is there to show that we bear it.
BEYOND_THE_SDK = {
    "no_usage_or_extras.answer.json": "a compatible server that leaves out what it can",
    "unknown_events_are_ignored.stream.txt": "a vendor's events to come",
    "openai_responses-openai_responses/conversation_with_tools.request.snap": "an earlier answer without the id it had",
}


def snapshot(path):
    return json.loads(path.read_text().split("---\n", 2)[2])


def events(text):
    """Name and data, as a provider sends them."""
    for event in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.splitlines())
        if "data" in fields and fields["data"] != "[DONE]":
            yield fields.get("event"), json.loads(fields["data"])


def sent(folder, provider):
    for path in folder.glob("*.request.snap"):
        body = snapshot(path).get("sent")
        if body is not None:
            yield path, provider, "request", body


def read(folder, provider):
    for path in folder.glob("*.answer.json"):
        body = json.loads(path.read_text())
        if not body.get("error"):
            yield path, provider, "answer", body
    for path in folder.glob("*.stream.txt"):
        for name, data in events(path.read_text()):
            if provider == "bedrock":
                data.pop("p", None)  # padding, so that sizes tell nothing
                yield path, provider, "event", {name: data}
            elif not data.get("error") and name != "ping":
                yield path, provider, "event", data


def answered(folder, client):
    for path in folder.glob("*.answer.snap"):
        body = snapshot(path)
        if "retryable" not in body:
            yield path, client, "answer", body
    for path in folder.glob("*.stream.snap"):
        for event in snapshot(path)["events"]:
            if event == "[DONE]" or "error" in event or "ping" in event:
                continue
            if client != "openai_chat":
                [event] = event.values()
            yield path, client, "event", event


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("direction", [sent, read, answered], ids=lambda direction: direction.__name__)
def test_the_vendors_sdk_takes_it(folder, direction):
    client, provider = folder.name.split("-")
    found = {}
    for path, dialect, part, value in direction(folder, client if direction is answered else provider):
        if path.name in BEYOND_THE_SDK or f"{folder.name}/{path.name}" in BEYOND_THE_SDK:
            continue
        try:
            shapes.check(dialect, part, value)
        except ValueError as error:
            found.setdefault(path.name, []).append(f"{part}: {error}\n{json.dumps(value)[:600]}")
    assert not found, "\n".join(f"{name}:\n" + "\n".join(errors) for name, errors in found.items())
