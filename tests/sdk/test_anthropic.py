"""Anthropic's Python SDK, unmodified, through the gateway to every vendor: the same story, told to the SDK's own types."""

import json

import anthropic
import pytest
from anthropic.types import Message

import reading
from vendors import messages, shapes, story

MODELS = {
    "anthropic": "claude-sonnet-4-6",
    "openai": "gpt-4o-mini",
    "gemini": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}
ASKS = [{"role": "user", "content": "Hi"}]
TOOL = {"name": "weather", "description": "The weather of a city", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EVERY_VENDOR = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
TRACE_HEADER = "x-kaname-trace-id"


@pytest.fixture
def client(kaname):
    with anthropic.Anthropic(base_url=kaname.url, api_key=kaname.secret_key, max_retries=0) as client:
        yield client


def checked(message):
    """The SDK reads leniently; its types, strictly."""
    shapes.check("anthropic", "answer", message.to_dict(mode="json"))
    return message


@EVERY_VENDOR
def test_a_message_and_its_cost(client, kaname, provider, model):
    raw = client.messages.with_raw_response.create(model=model, max_tokens=100, messages=ASKS, system="Be brief.")
    message = checked(raw.parse())
    assert [block.text for block in message.content] == [story.ANSWER]
    assert (message.role, message.stop_reason) == ("assistant", "end_turn")
    # Anthropic counts cached tokens beside the others, OpenAI and Gemini among them.
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (600, 400)
    assert message.usage.output_tokens == story.OUTPUT
    assert "Be brief." in provider.asked()
    trace = reading.trace(kaname, raw.headers[TRACE_HEADER])
    [generation] = trace["observations"]
    usage = generation["usageDetails"]
    assert (usage["input"], usage["input_cached_tokens"], usage["total"]) == (600, 400, 1200)
    assert usage["output"] + usage.get("output_reasoning_tokens", 0) == story.OUTPUT
    if model.startswith("claude"):
        # 600 × 3 + 400 × 0.30 + 200 × 15 US dollars for a million tokens
        assert trace["totalCost"] == pytest.approx(0.00492, abs=1e-12)
    assert trace["totalCost"] > 0


@EVERY_VENDOR
def test_a_stream_ends_in_the_same_message(client, provider, model):
    with client.messages.stream(model=model, max_tokens=100, messages=ASKS) as stream:
        seen = []
        for event in stream:
            if not event.type.startswith(("text", "input_json", "thinking", "signature", "citation")):
                seen.append(event.type)
        message = checked(stream.get_final_message())
    assert stream.get_final_text() == story.ANSWER
    assert (seen[0], seen[-1]) == ("message_start", "message_stop")
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (600, 400)
    assert (message.usage.output_tokens, message.stop_reason) == (story.OUTPUT, "end_turn")


@EVERY_VENDOR
def test_every_event_of_a_stream_is_one_of_the_sdks(client, provider, model):
    stream = client.messages.create(
        model=model, max_tokens=100, messages=ASKS, tools=[TOOL], tool_choice={"type": "any"}, stream=True)
    for event in stream:
        shapes.check("anthropic", "event", event.to_dict(mode="json"))


@EVERY_VENDOR
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_tool_is_called_and_its_result_told(client, provider, model, streamed):
    def ask(turns):
        call = dict(model=model, max_tokens=100, messages=turns, tools=[TOOL])
        if not streamed:
            return checked(client.messages.create(**call))
        with client.messages.stream(**call) as stream:
            return checked(stream.get_final_message())

    called = ask(ASKS)
    [call] = called.content
    assert (call.type, call.name, call.input) == ("tool_use", "weather", story.CITY)
    assert called.stop_reason == "tool_use"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "21 degrees"}]}
    turns = [*ASKS, {"role": "assistant", "content": called.content}, {"role": "user", "content": [result]}]
    assert ask(turns).content[0].text == story.ANSWER
    assert "21 degrees" in json.dumps(provider.requests[-1]["body"])


@EVERY_VENDOR
def test_an_image_reaches_the_vendor(client, provider, model):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    text = {"type": "text", "text": "What is this?"}
    client.messages.create(model=model, max_tokens=100, messages=[{"role": "user", "content": [image, text]}])
    assert PNG in provider.asked()


@pytest.mark.parametrize("vendor", ["anthropic", "gemini", "bedrock"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_thoughts_come_back_as_thinking(client, provider, vendor, streamed):
    call = dict(model=MODELS[vendor], max_tokens=4000, messages=ASKS, thinking={"type": "enabled", "budget_tokens": 1024})
    if streamed:
        with client.messages.stream(**call) as stream:
            message = checked(stream.get_final_message())
    else:
        message = checked(client.messages.create(**call))
    thinking, text = message.content
    assert (thinking.type, thinking.thinking, text.text) == ("thinking", story.THOUGHT, story.ANSWER)
    if vendor != "gemini":
        assert thinking.signature == story.SIGNATURE


@EVERY_VENDOR
def test_the_tokens_of_a_message_are_counted(client, provider, model):
    raw = client.messages.with_raw_response.count_tokens(model=model, messages=ASKS, system="Be brief.")
    counted = raw.parse().input_tokens
    if model == MODELS["anthropic"]:
        assert counted == story.COUNTED
    else:
        assert raw.headers["x-kaname-estimated"] and 0 < counted < 20


def test_models_are_listed_and_found(client, provider):
    listed = {model.id: model for model in client.models.list(limit=1000)}
    assert {messages.MODEL, "gpt-4o-mini", "gemini-2.5-flash", MODELS["bedrock"]} <= listed.keys()
    for model in [*listed.values(), client.models.retrieve(messages.MODEL)]:
        assert model.type == "model" and model.display_name and model.created_at
        shapes.adapter(type(model)).validate_json(json.dumps(model.to_dict(mode="json")))


ERRORS = {
    400: anthropic.BadRequestError, 403: anthropic.PermissionDeniedError, 404: anthropic.NotFoundError,
    429: anthropic.RateLimitError, 500: anthropic.InternalServerError,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("prefix", ["claude", "gpt", "gemini", "anthropic."])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_vendors_error_is_the_sdks_exception(client, provider, prefix, status, streamed):
    with pytest.raises(ERRORS[status], match="as asked") as raised:
        client.messages.create(model=f"{prefix}-fails-{status}", max_tokens=9, messages=ASKS, stream=streamed)
    error = raised.value
    assert error.body["type"] == "error" and error.body["error"]["type"] == messages.ERRORS[status]
    if status == 429 and prefix in ("claude", "gpt"):
        assert error.response.headers["retry-after"] == "7"


def test_an_overloaded_vendor_is_told_as_such(client, provider):
    with pytest.raises(anthropic.OverloadedError):
        client.messages.create(model="claude-fails-529", max_tokens=9, messages=ASKS)


def test_our_own_refusals_are_the_sdks_exceptions(client, kaname, provider):
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong").messages.create(model="claude-x", max_tokens=9, messages=ASKS)
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        client.messages.create(model="gpt-4o-mini", max_tokens=9, messages=ASKS, extra_body={"max_tokens": "many"})
    assert provider.requests == []


def test_what_another_vendor_has_no_word_for_is_refused_by_name_or_dropped_where_asked(client, provider):
    call = dict(model="gpt-4o-mini", max_tokens=9, messages=ASKS, extra_body={"top_k": 5})
    with pytest.raises(anthropic.BadRequestError, match="top_k"):
        client.messages.create(**call)
    assert provider.requests == []
    raw = client.messages.with_raw_response.create(**call, extra_headers={"x-kaname-drop-params": "true"})
    assert raw.headers["x-kaname-dropped-params"] == "top_k"
    assert isinstance(raw.parse(), Message) and "top_k" not in provider.requests[0]["body"]


def test_the_older_header_of_a_key_still_opens(kaname, provider):
    headers = {"x-api-key": kaname.secret_key, "authorization": anthropic.Omit()}
    with anthropic.Anthropic(base_url=kaname.url, api_key="unused", max_retries=0) as client:
        message = client.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=ASKS, extra_headers=headers)
    assert message.content[0].text == story.ANSWER
