"""OpenAI's Python SDK through the gateway, unmodified, and what Langfuse's SDK reads of it."""

import importlib.metadata
import json
import uuid

import openai
import pytest

import provider as fake

GENERATION_4 = importlib.metadata.version("langfuse").startswith("4.")
TRACE_HEADER = "x-kaname-trace-id"


def only_observation(langfuse, trace_id):
    found = langfuse.api.observations.get_many(
        trace_id=trace_id, fields="core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
    )
    assert found.meta.cursor is None
    [observation] = found.data
    return observation


def model_of(observation):
    """Generation 4 calls it `provided_model_name`."""
    return observation.provided_model_name if GENERATION_4 else observation.model


def test_a_promoted_prompt_is_streamed_through_a_model_and_its_trace_read_back(client, langfuse, provider):
    name = f"greeting-{uuid.uuid4().hex}"
    langfuse.create_prompt(name=name, prompt="Greet {{whom}}.", labels=["production"])
    prompt = langfuse.get_prompt(name)
    with client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": prompt.compile(whom="the world")}],
        stream=True,
        temperature=0.5,
        metadata={
            "langfuse_prompt_name": prompt.name,
            "langfuse_prompt_version": str(prompt.version),
            "langfuse_session_id": "session-1",
            "langfuse_user_id": "user-1",
            "langfuse_tags": "greeting,test",
            "customer": "acme",
        },
    ).parse() as stream:
        trace_id = stream.response.headers[TRACE_HEADER]
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == fake.ANSWER
    assert all(chunk.usage is None for chunk in chunks), "usage was not asked for"
    assert provider.requests[0]["headers"]["authorization"] == "Bearer provider-key"

    observation = only_observation(langfuse, trace_id)
    assert (observation.type, observation.level) == ("GENERATION", "DEFAULT")
    assert (observation.prompt_name, observation.prompt_version) == (name, 1)
    assert (observation.user_id, observation.session_id) == ("user-1", "session-1")
    assert observation.tags == ["greeting", "test"]
    assert model_of(observation) == "gpt-4o-mini-2024-07-18"
    assert json.loads(observation.input) == [{"role": "user", "content": "Greet the world."}]
    assert json.loads(observation.output)["content"] == fake.ANSWER
    assert observation.metadata["customer"] == "acme"
    assert observation.model_parameters["temperature"] == 0.5
    assert observation.usage_details == {
        "input": 600, "input_cached_tokens": 400, "output": 150, "output_reasoning_tokens": 50, "total": 1200,
    }
    assert observation.total_cost == pytest.approx(fake.COST, abs=1e-12)
    assert observation.cost_details["total"] == observation.total_cost
    assert 0 < observation.time_to_first_token <= observation.latency


def test_a_whole_answer_keeps_fields_that_the_sdk_does_not_know(client, provider):
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}], extra_body={"brand_new": [1.5, None]}
    )
    assert answer.choices[0].message.content == fake.ANSWER
    assert answer.usage.prompt_tokens_details.cached_tokens == 400
    assert answer.model_extra["a_new_field"] == {"kept": True}
    assert provider.requests[0]["body"]["brand_new"] == [1.5, None]


def test_usage_that_is_asked_for_ends_the_stream(client, provider):
    stream = client.chat.completions.create(
        model="gpt-4o-mini", messages=[], stream=True, stream_options={"include_usage": True}
    )
    assert list(stream)[-1].usage.total_tokens == 1200


def test_tool_calls_are_streamed_and_assembled_in_the_trace(client, langfuse, provider):
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    with client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[], tools=[tool], stream=True
    ).parse() as stream:
        trace_id = stream.response.headers[TRACE_HEADER]
        parts = [call for chunk in stream for choice in chunk.choices for call in choice.delta.tool_calls or []]
    arguments = "".join(part.function.arguments for part in parts)
    observation = only_observation(langfuse, trace_id)
    [call] = json.loads(observation.output)["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": arguments}
    assert json.loads(observation.input)["tools"] == [tool]


def test_models_are_listed_and_found(client, provider):
    assert [model.id for model in client.models.list()] == ["gpt-4o-mini", "o3"]
    assert client.models.retrieve("o3").owned_by == "test"
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("no/such-model")
    assert error.value.code == "model_not_found"


def test_the_sdk_retries_what_the_provider_asks_it_to(client, provider):
    answer = client.with_options(max_retries=1).chat.completions.create(model="rate-limited-once", messages=[])
    assert answer.choices[0].message.content == fake.ANSWER
    assert len(provider.requests) == 2


def test_a_failure_of_the_provider_is_the_sdks_error_and_is_traced(client, langfuse, provider):
    with pytest.raises(openai.InternalServerError) as error:
        client.chat.completions.create(model="failing", messages=[])
    assert "it broke" in str(error.value)
    observation = only_observation(langfuse, error.value.response.headers[TRACE_HEADER])
    assert (observation.level, observation.total_cost) == ("ERROR", None)
    assert "500" in observation.status_message


def test_a_stream_that_is_cut_off_raises_and_keeps_what_came(client, langfuse, provider):
    stream = client.chat.completions.create(model="cut-off", messages=[], stream=True)
    trace_id = stream.response.headers[TRACE_HEADER]
    with pytest.raises(openai.APIError, match="broke off|before it was complete"):
        for chunk in stream:
            assert chunk.choices[0].delta.content == "Hel"
    observation = only_observation(langfuse, trace_id)
    assert observation.level == "ERROR"
    assert json.loads(observation.output)["content"] == "Hel"


def test_closing_a_stream_ends_the_providers_call(client, provider):
    stream = client.chat.completions.create(model="never-ending", messages=[], stream=True)
    assert next(iter(stream)).choices[0].delta.content == "Hel"
    stream.close()
    assert provider.client_left.wait(20), "the provider is not told"


def test_a_wrong_key_and_a_wrong_request_are_the_sdks_errors(client, kaname, provider):
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-wrong").chat.completions.create(model="gpt-4o-mini", messages=[])
    with pytest.raises(openai.BadRequestError, match="langfuse_prompt_version"):
        client.chat.completions.create(model="gpt-4o-mini", messages=[], metadata={"langfuse_prompt_version": "x"})
    assert provider.requests == []
