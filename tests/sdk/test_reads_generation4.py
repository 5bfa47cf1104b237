"""Sessions, traces, observations and metrics by the calls that only generation 4 of Langfuse's SDK has."""

import datetime
import json

import pytest
from langfuse.api.core import ApiError

import traced

DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_a_session_has_its_traces(langfuse):
    session = traced.fresh("session")
    ids = [traced.trace(langfuse, name=f"turn {turn}", session=session)[0] for turn in range(2)]
    found = langfuse.api.sessions.get(session)
    assert (found.id, [trace.id for trace in found.traces]) == (session, ids)
    listed = langfuse.api.sessions.list(from_timestamp=now() - DAY, to_timestamp=now() + DAY, limit=100)
    assert session in {listed.id for listed in listed.data}
    with pytest.raises(ApiError) as missing:
        langfuse.api.sessions.get("none")
    assert missing.value.status_code == 404


def test_traces_are_filtered_and_ordered(langfuse):
    user = traced.fresh("user")
    for name in ("b", "a", "c"):
        traced.trace(langfuse, name=name, user=user, tags=["x", name])
    traces = langfuse.api.trace
    names = lambda **query: [trace.name for trace in traces.list(user_id=user, **query).data]
    assert names() == ["c", "a", "b"]
    assert names(order_by="name.asc") == ["a", "b", "c"]
    assert names(tags=["x", "a"]) == ["a"]
    assert names(from_timestamp=now() + DAY) == []
    [core] = traces.list(user_id=user, name="a", fields="core").data
    assert core.input is None
    filtered = json.dumps([{"type": "string", "column": "userId", "operator": "=", "value": user},
                           {"type": "arrayOptions", "column": "tags", "operator": "any of", "value": ["b", "c"]}])
    assert sorted(trace.name for trace in traces.list(filter=filtered).data) == ["b", "c"]


def test_observations_come_in_numbered_pages(langfuse):
    trace_id, root, call = traced.trace(langfuse)
    observations = langfuse.api.legacy.observations_v1
    page = observations.get_many(trace_id=trace_id, page=1, limit=1)
    assert (page.meta.total_items, page.meta.total_pages) == (2, 2)
    [generation] = observations.get_many(trace_id=trace_id, type="GENERATION").data
    assert (generation.id, generation.parent_observation_id, generation.usage.total) == (call, root, 1200)
    assert observations.get(root).input == "Hi"


def test_metrics_of_traces(langfuse):
    user = traced.fresh("user")
    for _ in range(2):
        traced.trace(langfuse, user=user)
    query = {
        "view": "traces", "dimensions": [{"field": "userId"}],
        "metrics": [{"measure": "count", "aggregation": "count"}, {"measure": "totalTokens", "aggregation": "sum"}],
        "filters": [{"type": "string", "column": "userId", "operator": "=", "value": user}],
        "fromTimestamp": (now() - DAY).isoformat(), "toTimestamp": (now() + DAY).isoformat(),
    }
    [row] = langfuse.api.legacy.metrics_v1.metrics(query=json.dumps(query)).data
    assert (row["userId"], int(row["count_count"]), int(row["sum_totalTokens"])) == (user, 2, 2400)
