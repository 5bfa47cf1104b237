"""Traces as Langfuse's SDK of generation 4 reads them; generation 5 has no such calls (see conftest)."""

import uuid

import pytest

import provider as fake
import reading

TRACE_HEADER = "x-kaname-trace-id"


def test_generation_4_reads_traces_and_their_observations(client, langfuse, provider):
    user = f"user-{uuid.uuid4().hex}"
    answer = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}], user=user,
        extra_headers={"x-langfuse-trace-name": "hello", "x-langfuse-environment": "staging"},
    )
    trace = langfuse.api.trace.get(answer.headers[TRACE_HEADER])
    assert (trace.name, trace.user_id, trace.environment) == ("hello", user, "staging")
    assert trace.input == [{"role": "user", "content": "Hi"}]
    assert trace.output["content"] == fake.ANSWER
    assert trace.total_cost == pytest.approx(fake.COST, abs=1e-12)
    [observation] = trace.observations
    assert observation.usage.total == 1200
    assert langfuse.api.legacy.observations_v1.get(observation.id).id == observation.id

    listed = langfuse.api.trace.list(user_id=user, limit=10)
    assert (listed.meta.total_items, [found.id for found in listed.data]) == (1, [trace.id])
    assert listed.data[0].observations == [observation.id]


def test_a_traces_own_input_and_output_are_shown_before_its_roots(kaname, langfuse):
    with langfuse.start_as_current_observation(name="root", input="of the root") as root:
        langfuse.set_current_trace_io(input="of the trace", output={"result": 1})
    langfuse.flush()
    trace = reading.trace(kaname, root.trace_id)
    assert (trace["input"], trace["output"]) == ("of the trace", {"result": 1})
