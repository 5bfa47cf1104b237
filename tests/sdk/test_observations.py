"""Observations by the cursor list, and metrics by a query, as both generations of Langfuse's SDK read them."""

import datetime
import json

import pytest

import reading
import traced


def test_the_cursor_list_gives_the_groups_that_are_asked_for(langfuse):
    user = traced.fresh("user")
    ids = [traced.trace(langfuse, user=user, session="s", tags=["a"]) for _ in range(3)]
    seen, cursor = [], None
    while True:
        page = langfuse.api.observations.get_many(user_id=user, type="GENERATION", limit=2, cursor=cursor)
        seen += page.data
        cursor = page.meta.cursor
        if not cursor:
            break
    assert [o.id for o in seen] == [call for _, _, call in reversed(ids)]
    assert {o.name for o in seen} == {"call"}

    trace_id, root, call = ids[0]
    groups = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
    [found] = langfuse.api.observations.get_many(trace_id=trace_id, parent_observation_id=root, fields=groups).data
    assert (found.id, found.parent_observation_id, found.user_id, found.session_id) == (call, root, user, "s")
    assert (found.usage_details["input"], found.total_cost) == (1000, pytest.approx(0.00027, abs=1e-12))
    # Where there is a filter, it counts in the place of the other parameters.
    filters = [{"type": "string", "column": column, "operator": "=", "value": value}
               for column, value in [("traceId", trace_id), ("name", "root")]]
    [found] = langfuse.api.observations.get_many(fields="core,io", filter=json.dumps(filters)).data
    assert (found.input, found.output) == ("Hi", "Hello")


def test_an_input_that_is_too_large_for_a_row_is_read_in_full(kaname, langfuse):
    text = "長い " * 100_000
    with langfuse.start_as_current_observation(name="root", input={"text": text}) as root:
        pass
    langfuse.flush()
    [found] = langfuse.api.observations.get_many(trace_id=root.trace_id, fields="core,io").data
    assert json.loads(found.input) == {"text": text}
    assert reading.trace(kaname, root.trace_id)["input"] == {"text": text}


def test_metrics_add_up(langfuse):
    user = traced.fresh("user")
    for _ in range(3):
        traced.trace(langfuse, user=user)
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    query = {
        "view": "observations", "dimensions": [{"field": "providedModelName"}],
        "metrics": [{"measure": "count", "aggregation": "count"}, {"measure": "totalCost", "aggregation": "sum"},
                    {"measure": "latency", "aggregation": "p95"}],
        "filters": [{"type": "string", "column": "userId", "operator": "=", "value": user},
                    {"type": "string", "column": "type", "operator": "=", "value": "GENERATION"}],
        "timeDimension": {"granularity": "month"},
        "fromTimestamp": (now - day).isoformat(), "toTimestamp": (now + day).isoformat(),
    }
    rows = langfuse.api.metrics.metrics(query=json.dumps(query)).data
    assert {row["providedModelName"] for row in rows} == {"gpt-4o-mini"}
    assert sum(int(row["count_count"]) for row in rows) == 3
    assert sum(row["sum_totalCost"] for row in rows) == pytest.approx(3 * 0.00027, abs=1e-12)
