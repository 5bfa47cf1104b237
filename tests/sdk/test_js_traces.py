"""Traces that JavaScript's SDKs send: Langfuse's, and Vercel's AI SDK by way of OpenTelemetry's exporter."""

import pytest

import reading
import tracing


def test_langfuses_sdk(kaname):
    trace = tracing.of_program(kaname, ["node", "langfuse_js.mjs"])
    assert (trace["name"], trace["sessionId"], sorted(trace["tags"])) == ("question", "session-1", ["a", "b"])
    assert (trace["version"], trace["environment"], trace["metadata"]["customer"]) == ("v7", "staging", "acme")
    found = reading.by_name(trace)
    assert {name: o["type"] for name, o in found.items()} == {
        "application": "SPAN", "answer": "GENERATION", "broken": "TOOL",
    }
    answer = found["answer"]
    assert reading.parent_name(trace, answer) == "application"
    assert (answer["model"], answer["modelParameters"]["temperature"]) == ("gpt-4o-mini", 0.5)
    assert (answer["input"], answer["output"]["content"]) == ([{"role": "user", "content": "Hi"}], "Hello 世界")
    assert answer["metadata"]["text"] == "123" and answer["metadata"]["nested"] == {"a": [1]}
    assert answer["usageDetails"]["input_cached_tokens"] == 400
    assert trace["totalCost"] == pytest.approx(0.003, abs=1e-12)
    assert (found["broken"]["level"], found["broken"]["statusMessage"]) == ("ERROR", "no such city")


def test_vercels_sdk(kaname):
    trace = tracing.of_program(kaname, ["node", "vercel_ai.mjs"])
    assert (trace["sessionId"], sorted(trace["tags"])) == ("session-1", ["a", "b"])
    kinds = sorted((o["type"], o["name"]) for o in trace["observations"])
    assert kinds == [
        ("GENERATION", "forecast:ai.generateText.doGenerate"), ("GENERATION", "forecast:ai.generateText.doGenerate"),
        ("SPAN", "forecast:ai.generateText"), ("TOOL", "weather"),
    ]
    calls = [o for o in trace["observations"] if o["type"] == "GENERATION"]
    assert all(call["model"] == "gpt-4o-mini" for call in calls)
    assert all(call["usageDetails"] == {"input": 600, "input_cached_tokens": 400, "output": 150,
                                        "output_reasoning_tokens": 50, "total": 1200} for call in calls)
    [outer] = [o for o in trace["observations"] if o["type"] == "SPAN"]
    assert outer["usageDetails"] == {}, "the step around the calls repeats what they used"
    [tool] = [o for o in trace["observations"] if o["type"] == "TOOL"]
    assert (tool["input"], tool["output"]) == ({"city": "Tokyo"}, {"sky": "clear"})
    assert any(call["output"] == "Sunny 世界" for call in calls)
    assert outer["metadata"]["customer"] == "acme"
