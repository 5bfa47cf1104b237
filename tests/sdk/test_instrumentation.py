"""The programs that the golden files were captured from (`programs`), against the real server: instrumentations for
OpenTelemetry, and LiteLLM."""

import sys

import litellm
import pytest

import provider as fake
import tracing

CONTENT = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
           "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"}
USAGE = {"input": 600, "input_cached_tokens": 400, "output": 150, "output_reasoning_tokens": 50, "total": 1200}


@pytest.mark.parametrize("library", ["openinference", "genai"])
def test_an_instrumented_call_is_a_generation(kaname, provider, library):
    trace = tracing.of_program(kaname, [sys.executable, "openai_call.py", library], CONTENT)
    assert (trace["name"], trace["environment"]) == ("checkout", "staging")
    assert len(trace["observations"]) == 2
    [call] = [o for o in trace["observations"] if o["name"] != "checkout"]
    assert (call["type"], call["model"]) == ("GENERATION", "gpt-4o-mini-2024-07-18")
    assert call["parentObservationId"] == next(o["id"] for o in trace["observations"] if o["name"] == "checkout")
    assert (call["modelParameters"]["temperature"], call["modelParameters"]["max_tokens"]) == (0.5, 100)
    assert (call["usageDetails"]["total"], call["usageDetails"]["input"]) in [(1200, 600), (1200, 1000)]
    assert call["calculatedTotalCost"] > 0
    assert "Be brief." in str(call["input"]) and fake.ANSWER in str(call["output"])


def test_openinference_tells_usage_in_classes(kaname, provider):
    trace = tracing.of_program(kaname, [sys.executable, "openai_call.py", "openinference"])
    [call] = [o for o in trace["observations"] if o["type"] == "GENERATION"]
    assert call["usageDetails"] == USAGE
    assert call["calculatedTotalCost"] == pytest.approx(fake.COST, abs=1e-12)


def test_litellms_callback_for_langfuse_is_read(kaname, provider):
    trace = tracing.of_program(kaname, [sys.executable, "litellm_call.py"])
    assert (trace["name"], trace["sessionId"], sorted(trace["tags"])) == ("question", "session-1", ["a", "b"])
    [call] = [o for o in trace["observations"] if o["type"] == "GENERATION"]
    assert call["model"] == "gpt-4o-mini-2024-07-18"
    assert call["input"] == [{"role": "user", "content": "Hi"}]
    assert call["output"] == {"role": "assistant", "content": fake.ANSWER}
    assert call["usageDetails"]["total"] == 1200


def test_litellm_calls_models_through_the_gateway(kaname, provider):
    answer = litellm.completion(
        model="openai/gpt-4o-mini", api_base=f"{kaname.url}/v1", api_key=kaname.secret_key,
        messages=[{"role": "user", "content": "Hi"}],
    )
    assert answer.choices[0].message.content == fake.ANSWER
    stream = litellm.completion(
        model="openai/gpt-4o-mini", api_base=f"{kaname.url}/v1", api_key=kaname.secret_key, stream=True,
        messages=[{"role": "user", "content": "Hi"}],
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == fake.ANSWER
