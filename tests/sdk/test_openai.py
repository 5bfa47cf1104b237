"""OpenAI's Python SDK, unmodified, through the gateway to every vendor: chat completions and responses, whole and streamed,
tools, schemas, embeddings, errors; told to the SDK's own types."""

import json

import openai
import pydantic
import pytest

import reading
from vendors import openai_api, shapes, story

MODELS = {
    "openai": "gpt-4o-mini",
    "anthropic": "claude-sonnet-4-6",
    "gemini": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}
ASKS = [{"role": "user", "content": "Hi"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
              "additionalProperties": False}
CHAT_TOOL = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
TOOL = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EVERY_VENDOR = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
BOTH_WAYS = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def chat(client, streamed, **call):
    """A completion, strictly read."""
    if streamed:
        with client.chat.completions.stream(**call, stream_options={"include_usage": True}) as stream:
            for event in stream:
                if event.type == "chunk":
                    shapes.check("openai_chat", "event", event.chunk.to_dict(mode="json"))
            completion = stream.get_final_completion()
    else:
        completion = client.chat.completions.create(**call)
        shapes.check("openai_chat", "answer", completion.to_dict(mode="json"))
    return completion


def respond(client, streamed, **call):
    """A response, strictly read."""
    if not streamed:
        response = client.responses.create(**call)
        shapes.check("openai_responses", "answer", response.to_dict(mode="json"))
        return response
    for number, event in enumerate(client.responses.create(**call, stream=True)):
        shapes.check("openai_responses", "event", event.to_dict(mode="json"))
        assert event.sequence_number == number
    assert event.type == "response.completed"
    return event.response


@EVERY_VENDOR
@BOTH_WAYS
def test_a_chat_is_completed(client, provider, model, streamed):
    completion = chat(client, streamed, model=model, messages=ASKS, max_completion_tokens=100)
    [choice] = completion.choices
    assert (choice.message.content, choice.finish_reason) == (story.ANSWER, "stop")
    usage = completion.usage
    # OpenAI counts cached tokens among the others, Anthropic and Bedrock beside them.
    assert (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens) == (story.INPUT, story.CACHED)
    assert (usage.completion_tokens, usage.total_tokens) == (story.OUTPUT, story.INPUT + story.OUTPUT)


@EVERY_VENDOR
@BOTH_WAYS
def test_a_response_is_made(client, kaname, provider, model, streamed):
    response = respond(client, streamed, model=model, input="Hi", instructions="Be brief.", max_output_tokens=100)
    assert (response.output_text, response.status, response.error) == (story.ANSWER, "completed", None)
    usage = response.usage
    assert (usage.input_tokens, usage.input_tokens_details.cached_tokens) == (story.INPUT, story.CACHED)
    assert (usage.output_tokens, usage.total_tokens) == (story.OUTPUT, story.INPUT + story.OUTPUT)
    assert "Be brief." in provider.asked()


@EVERY_VENDOR
@BOTH_WAYS
def test_a_chats_tool_is_called_and_its_result_told(client, provider, model, streamed):
    called = chat(client, streamed, model=model, messages=ASKS, tools=[CHAT_TOOL], max_completion_tokens=100)
    [choice] = called.choices
    [call] = choice.message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", story.CITY)
    assert choice.finish_reason == "tool_calls"
    said = {"role": "assistant", "tool_calls": [{
        "id": call.id, "type": "function",
        "function": {"name": call.function.name, "arguments": call.function.arguments}}]}
    turns = [*ASKS, said, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    told = chat(client, streamed, model=model, messages=turns, tools=[CHAT_TOOL], max_completion_tokens=100)
    assert told.choices[0].message.content == story.ANSWER
    assert "21 degrees" in json.dumps(provider.requests[-1]["body"])


@EVERY_VENDOR
@BOTH_WAYS
def test_a_responses_tool_is_called_and_its_result_told(client, provider, model, streamed):
    called = respond(client, streamed, model=model, input="Hi", tools=[TOOL], max_output_tokens=100)
    [call] = called.output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", story.CITY)
    turns = [*ASKS, {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
             {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}]
    told = respond(client, streamed, model=model, input=turns, tools=[TOOL], max_output_tokens=100)
    assert told.output_text == story.ANSWER
    assert "21 degrees" in json.dumps(provider.requests[-1]["body"])


@EVERY_VENDOR
def test_a_chats_schema_is_parsed(client, provider, model):
    completion = client.chat.completions.parse(model=model, messages=ASKS, response_format=Weather, max_completion_tokens=99)
    assert completion.choices[0].message.parsed == Weather(city="Tokyo", degrees=21)
    assert "degrees" in provider.asked()


@EVERY_VENDOR
def test_a_responses_schema_is_parsed(client, provider, model):
    response = client.responses.parse(model=model, input="Hi", text_format=Weather, max_output_tokens=99)
    assert response.output_parsed == Weather(city="Tokyo", degrees=21)
    assert "degrees" in provider.asked()


@EVERY_VENDOR
def test_images_reach_the_vendor(client, provider, model):
    seen = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": PNG}}]
    chat(client, False, model=model, messages=[{"role": "user", "content": seen}], max_completion_tokens=99)
    seen = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "detail": "auto", "image_url": PNG}]
    respond(client, False, model=model, input=[{"role": "user", "content": seen}], max_output_tokens=99)
    data = PNG.partition(",")[2]
    assert [data in json.dumps(request["body"]) for request in provider.requests] == [True, True]


@pytest.mark.parametrize("model", ["text-embedding-3-small", "gemini-embedding-001"])
@pytest.mark.parametrize("encoding", [openai.NOT_GIVEN, "float", "base64"], ids=["default", "float", "base64"])
def test_texts_are_embedded(client, kaname, provider, model, encoding):
    raw = client.embeddings.with_raw_response.create(model=model, input=["a", "b"], encoding_format=encoding)
    answer = raw.parse()
    vectors = [item.embedding for item in answer.data]
    if encoding == "base64":
        assert all(isinstance(vector, str) for vector in vectors)
    else:
        assert vectors == story.VECTORS
        shapes.adapter(type(answer)).validate_json(json.dumps(answer.to_dict(mode="json")))
    [observation] = reading.trace(kaname, raw.headers["x-kaname-trace-id"])["observations"]
    assert observation["type"] == "EMBEDDING"


def test_titan_embeds_one_text_a_call(client, provider):
    answer = client.embeddings.create(model="amazon.titan-embed-text-v2:0", input=["a", "b"])
    assert [item.embedding for item in answer.data] == [story.VECTORS[0]] * 2
    assert [request["body"] for request in provider.requests] == [{"inputText": "a"}, {"inputText": "b"}]


def test_responses_that_openai_keeps_are_read_and_deleted(client, provider):
    kept = client.responses.create(model="gpt-4o-mini", input="Hi", store=True)
    assert client.responses.retrieve(kept.id).output_text == story.ANSWER
    [item] = client.responses.input_items.list(kept.id)
    assert item.content[0].text == "Hi"
    client.responses.delete(kept.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_of_nobody")


def test_what_only_openai_keeps_is_refused_elsewhere(client, provider):
    for field, value in {"store": True, "previous_response_id": openai_api.KEPT, "background": True}.items():
        with pytest.raises(openai.BadRequestError, match=field):
            client.responses.create(model="claude-sonnet-4-6", input="Hi", max_output_tokens=9, **{field: value})
    assert provider.requests == []


ERRORS = {
    400: openai.BadRequestError, 403: openai.PermissionDeniedError, 404: openai.NotFoundError,
    429: openai.RateLimitError, 500: openai.InternalServerError,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("prefix", ["claude", "gpt", "gemini", "anthropic."])
@BOTH_WAYS
def test_a_vendors_error_is_the_sdks_exception(client, provider, prefix, status, streamed):
    model = f"{prefix}-fails-{status}"
    with pytest.raises(ERRORS[status], match="as asked"):
        client.chat.completions.create(model=model, messages=ASKS, max_completion_tokens=9, stream=streamed)
    with pytest.raises(ERRORS[status], match="as asked") as raised:
        client.responses.create(model=model, input="Hi", max_output_tokens=9, stream=streamed)
    assert raised.value.type and isinstance(raised.value.body, dict)
    if status == 429 and prefix in ("claude", "gpt"):
        assert raised.value.response.headers["retry-after"] == "7"


def test_models_of_every_vendor_are_listed(client, provider):
    listed = list(client.models.list())
    assert {"gpt-4o-mini", "gemini-2.5-flash", MODELS["bedrock"]} <= {model.id for model in listed}
    for model in listed:
        shapes.adapter(type(model)).validate_json(json.dumps(model.to_dict(mode="json")))
