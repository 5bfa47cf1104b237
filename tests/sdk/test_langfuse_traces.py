"""Traces that Langfuse's Python SDK sends, of both generations, unmodified."""

import asyncio
import uuid

import pytest
from langfuse import observe, propagate_attributes

import reading

KINDS = ["span", "generation", "agent", "tool", "chain", "retriever", "evaluator", "embedding", "guardrail"]


def test_decorated_functions_become_a_tree(kaname, langfuse):
    @observe(as_type="retriever")
    async def search(query):
        return [{"text": f"about {query}"}]

    @observe(as_type="generation", name="answer")
    async def generate(documents):
        langfuse.update_current_generation(
            model="gpt-4o-mini",
            model_parameters={"temperature": 0.5, "max_tokens": 100, "stream": False},
            usage_details={"input": 1000, "output": 200, "input_cached_tokens": 400},
            metadata={"attempt": 1, "documents": len(documents)},
        )
        return {"role": "assistant", "content": "Hello 世界"}

    @observe()
    async def application(question):
        found = await asyncio.gather(search(question), search("something else"))
        answer = await generate(found)
        return answer, langfuse.get_current_trace_id()

    with propagate_attributes(
        user_id="user-1", session_id="session-1", tags=["b", "a"], trace_name="question", version="v7",
        metadata={"customer": "acme"},
    ):
        answer, trace_id = asyncio.run(application("Kaname"))
    langfuse.flush()

    trace = reading.trace(kaname, trace_id)
    assert (trace["name"], trace["userId"], trace["sessionId"]) == ("question", "user-1", "session-1")
    assert (sorted(trace["tags"]), trace["version"], trace["environment"]) == (["a", "b"], "v7", "default")
    assert trace["metadata"]["customer"] == "acme"
    assert trace["input"] == {"args": ["Kaname"], "kwargs": {}}
    kinds = sorted((o["name"], o["type"]) for o in trace["observations"])
    assert kinds == [("answer", "GENERATION"), ("application", "SPAN"), ("search", "RETRIEVER"), ("search", "RETRIEVER")]
    [generation] = [o for o in trace["observations"] if o["type"] == "GENERATION"]
    assert reading.parent_name(trace, generation) == "application"
    assert generation["output"] == answer
    assert (generation["model"], generation["modelParameters"]["temperature"]) == ("gpt-4o-mini", 0.5)
    assert generation["usageDetails"] | {"total": 0} == {
        "input": 1000, "output": 200, "input_cached_tokens": 400, "total": 0,
    }
    # 1000 × 0.15 + 400 × 0.075 + 200 × 0.60 US dollars for a million tokens
    assert generation["calculatedTotalCost"] == pytest.approx(0.0003, abs=1e-12)
    assert (generation["metadata"]["attempt"], generation["metadata"]["documents"]) == (1, 2)


def test_every_type_of_observation_keeps_its_type_and_its_place(kaname, langfuse):
    with langfuse.start_as_current_observation(name="root", as_type="chain") as root:
        for kind in KINDS:
            with langfuse.start_as_current_observation(name=f"a {kind}", as_type=kind, input={"kind": kind}) as step:
                step.update(output=kind)
        langfuse.create_event(name="an event", level="WARNING", status_message="look here", metadata={"n": "1"})
    langfuse.flush()
    trace = reading.trace(kaname, root.trace_id)
    found = reading.by_name(trace)
    assert {name: o["type"] for name, o in found.items()} == {
        "root": "CHAIN", "an event": "EVENT", **{f"a {kind}": kind.upper() for kind in KINDS},
    }
    for kind in KINDS:
        step = found[f"a {kind}"]
        assert (step["input"], step["output"]) == ({"kind": kind}, kind)
        assert reading.parent_name(trace, step) == "root"
    event = found["an event"]
    assert (event["level"], event["statusMessage"]) == ("WARNING", "look here")
    assert event["metadata"]["n"] == "1", "a text stays a text"


def test_what_raises_is_an_error_with_its_message(kaname, langfuse):
    @observe()
    def broken():
        raise ValueError("no such 国")

    with langfuse.start_as_current_observation(name="root") as root:
        with pytest.raises(ValueError):
            broken()
    langfuse.flush()
    trace = reading.trace(kaname, root.trace_id)
    failed = reading.by_name(trace)["broken"]
    assert (failed["level"], failed["statusMessage"]) == ("ERROR", "no such 国")


def test_metadata_keeps_its_types(kaname, langfuse):
    metadata = {"text": "123", "number": 123, "nested": {"list": [1, "a"]}, "flag": True, "空": "値"}
    with langfuse.start_as_current_observation(name="root", metadata=metadata) as root:
        pass
    langfuse.flush()
    found = reading.by_name(reading.trace(kaname, root.trace_id))["root"]["metadata"]
    assert {key: found[key] for key in metadata} == metadata
    assert found["scope"]["name"] == "langfuse-sdk"
    assert found["resourceAttributes"]["telemetry.sdk.language"] == "python"


def test_costs_that_the_application_knows_count(kaname, langfuse):
    with langfuse.start_as_current_observation(name="call", as_type="generation", model="in-house") as call:
        call.update(
            usage_details={"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
                           "prompt_tokens_details": {"cached_tokens": 400}},
            cost_details={"input": 0.001, "output": 0.002},
        )
    langfuse.flush()
    trace = reading.trace(kaname, call.trace_id)
    found = reading.by_name(trace)["call"]
    assert found["usageDetails"] == {"input": 600, "input_cached_tokens": 400, "output": 200, "total": 1200}
    assert trace["totalCost"] == pytest.approx(0.003, abs=1e-12)


def test_a_trace_that_another_service_began_is_continued(kaname, langfuse):
    trace_id = langfuse.create_trace_id(seed=uuid.uuid4().hex)
    remote = {"trace_id": trace_id, "parent_span_id": "00f067aa0ba902b7"}
    with langfuse.start_as_current_observation(name="first", trace_context=remote):
        pass
    with langfuse.start_as_current_observation(name="second", trace_context=remote):
        pass
    langfuse.flush()
    trace = reading.trace(kaname, trace_id)
    assert set(reading.by_name(trace)) == {"first", "second"}
    assert {o["parentObservationId"] for o in trace["observations"]} == {"00f067aa0ba902b7"}


def test_references_to_media_stay_in_their_place(kaname, langfuse):
    reference = "@@@langfuseMedia:type=image/png|id=cc48838a-3da8-4ca4-a007-2cf8df930e69|source=base64@@@"
    with langfuse.start_as_current_observation(name="root", input={"image": reference, "n": 1}) as root:
        root.update(output=reference)
    langfuse.flush()
    found = reading.by_name(reading.trace(kaname, root.trace_id))["root"]
    assert found["input"] == {"image": reference, "n": 1}
    assert found["output"] == reference


def test_a_trace_can_be_made_public(kaname, langfuse):
    with langfuse.start_as_current_observation(name="root") as root:
        langfuse.set_current_trace_as_public()
    langfuse.flush()
    assert reading.trace(kaname, root.trace_id)["public"] is True


def test_scores_of_a_trace_and_of_its_observation_are_kept(kaname, langfuse):
    """Generation 4 sends them by `/ingestion`, generation 5 as a list to `/scores`."""
    with langfuse.start_as_current_observation(name="root") as root:
        root.score(name="helpful", value=0.5, comment="so so", score_id=f"span-{root.id}")
        root.score_trace(name="tone", value="kind", data_type="CATEGORICAL", score_id=f"trace-{root.id}")
    langfuse.flush()
    helpful = reading.read(kaname, f"/api/public/v2/scores/span-{root.id}")
    assert (helpful["value"], helpful["comment"], helpful["dataType"]) == (0.5, "so so", "NUMERIC")
    assert (helpful["traceId"], helpful["observationId"]) == (root.trace_id, root.id)
    tone = reading.read(kaname, f"/api/public/v2/scores/trace-{root.id}")
    assert (tone["stringValue"], tone["traceId"], tone["observationId"]) == ("kind", root.trace_id, None)
