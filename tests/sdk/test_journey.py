"""The way that the README shows: create and promote a prompt, call a model with it, read the trace back."""

import uuid

import pytest

import provider as fake
import reading


def test_from_a_prompt_to_the_cost_of_its_call(kaname, langfuse, client, provider):
    assert langfuse.auth_check()
    name = f"greeting-{uuid.uuid4().hex}"
    messages = [{"role": "user", "content": "Greet {{name}} in one sentence."}]
    first = langfuse.create_prompt(name=name, type="chat", prompt=messages)
    langfuse.update_prompt(name=name, version=first.version, new_labels=["production"])
    prompt = langfuse.get_prompt(name, type="chat")

    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=prompt.compile(name="Aoi"),
        metadata={"langfuse_prompt_name": name, "langfuse_prompt_version": str(prompt.version)},
        stream=True,
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == fake.ANSWER
    assert provider.requests[-1]["body"]["messages"][0]["content"] == "Greet Aoi in one sentence."

    trace = reading.trace(kaname, stream.response.headers["x-kaname-trace-id"])
    [generation] = trace["observations"]
    assert generation["type"] == "GENERATION"
    assert generation["model"].startswith("gpt-4o-mini")
    assert (generation["promptName"], generation["promptVersion"]) == (name, 1)
    assert generation["usageDetails"]["total"] == 1200
    assert trace["totalCost"] == pytest.approx(fake.COST, abs=1e-12)
