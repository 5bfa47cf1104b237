"""What was traced, as the server tells it; without an SDK between, since generation 5 reads no traces."""

import base64
import json
import urllib.request


def read(kaname, path):
    token = base64.b64encode(f"{kaname.public_key}:{kaname.secret_key}".encode()).decode()
    request = urllib.request.Request(kaname.url + path, headers={"authorization": f"Basic {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def trace(kaname, trace_id):
    return read(kaname, f"/api/public/traces/{trace_id}")


def by_name(trace):
    """The observations of a trace; each name must be there once."""
    named = {observation["name"]: observation for observation in trace["observations"]}
    assert len(named) == len(trace["observations"]), [o["name"] for o in trace["observations"]]
    return named


def parent_name(trace, observation):
    """`None` for a root."""
    names = {other["id"]: other["name"] for other in trace["observations"]}
    return names.get(observation["parentObservationId"])
