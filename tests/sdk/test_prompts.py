"""Prompts through Langfuse's Python SDK, unmodified: what it creates, promotes, reads and compiles."""

import time
import uuid

import pytest
from langfuse.api import Error, NotFoundError


# Nothing takes that long unless it is broken.
DEADLINE_SECONDS = 30


@pytest.fixture
def name():
    """A name that no other test uses, in a folder, with what a URL must escape."""
    return f"sdk tests/挨拶 {uuid.uuid4().hex}"


def fetched(langfuse, name, **which):
    """Past the SDK's own cache."""
    return langfuse.get_prompt(name, cache_ttl_seconds=0, max_retries=0, **which)


def test_a_text_prompt_is_created_promoted_read_and_compiled(langfuse, name):
    created = langfuse.create_prompt(
        name=name,
        prompt="As a {{level}} critic, do you like {{movie}}?",
        labels=["production"],
        tags=["movies"],
        config={"model": "gpt-4o", "temperature": 0.7},
        commit_message="first",
    )
    assert (created.version, sorted(created.labels)) == (1, ["latest", "production"])

    prompt = langfuse.get_prompt(name)
    assert prompt.name == name
    assert prompt.config == {"model": "gpt-4o", "temperature": 0.7}
    assert prompt.tags == ["movies"]
    assert prompt.commit_message == "first"
    assert sorted(prompt.variables) == ["level", "movie"]
    assert prompt.compile(level="kind", movie="Dune") == "As a kind critic, do you like Dune?"

    second = langfuse.create_prompt(name=name, prompt="Do you like {{movie}}?")
    assert (second.version, second.labels, second.tags) == (2, ["latest"], ["movies"])
    assert fetched(langfuse, name).version == 1

    langfuse.update_prompt(name=name, version=2, new_labels=["production", "staging"])
    promoted = fetched(langfuse, name)
    assert (promoted.version, promoted.prompt) == (2, "Do you like {{movie}}?")
    assert sorted(promoted.labels) == ["latest", "production", "staging"]
    assert fetched(langfuse, name, version=1).labels == []
    assert fetched(langfuse, name, label="latest").version == 2


def test_a_chat_prompt_keeps_its_placeholders(langfuse, name):
    langfuse.create_prompt(
        name=name,
        type="chat",
        prompt=[
            {"role": "system", "content": "Answer in {{language}}."},
            {"type": "placeholder", "name": "history"},
            {"role": "user", "content": "{{question}}"},
        ],
        labels=["production"],
    )
    prompt = langfuse.get_prompt(name, type="chat")
    compiled = prompt.compile(
        language="日本語", question="Why?", history=[{"role": "assistant", "content": "Hi"}]
    )
    assert compiled == [
        {"role": "system", "content": "Answer in 日本語."},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Why?"},
    ]
    assert fetched(langfuse, name, type="chat") == prompt


def test_what_a_chat_prompt_reads_as_can_be_published_again(langfuse, name):
    messages = [{"role": "user", "content": "{{x}}"}, {"type": "placeholder", "name": "history"}]
    first = langfuse.create_prompt(name=name, type="chat", prompt=messages)
    raw = langfuse.api.prompts.get(langfuse._url_encode(name), label="latest")
    again = langfuse.create_prompt(name=name, type="chat", prompt=raw.prompt)
    assert (again.version, again.prompt) == (2, first.prompt)


def test_a_prompt_that_is_not_there_is_not_found(langfuse, name):
    with pytest.raises(NotFoundError) as refused:
        fetched(langfuse, name)
    assert refused.value.body["error"] == "LangfuseNotFoundError"
    assert name in refused.value.body["message"]
    assert fetched(langfuse, name, fallback="else").is_fallback


def test_what_is_not_valid_is_a_400(langfuse, name):
    with pytest.raises(Error) as refused:
        langfuse.create_prompt(name=name, prompt="", labels=["Not Allowed"])
    assert refused.value.status_code == 400
    assert "message" in refused.value.body


def test_a_prompt_inside_another_is_resolved(langfuse, name):
    part = langfuse.create_prompt(name=f"{name} part", prompt="be {{tone}}", labels=["production"])
    tag = f"@@@langfusePrompt:name={name} part|label=production@@@"
    langfuse.create_prompt(name=name, prompt=f"Please {tag}.", labels=["production"])
    assert fetched(langfuse, name).prompt == "Please be {{tone}}."

    api = langfuse.api.prompts
    resolved = api.get(langfuse._url_encode(name))
    (dependencies,) = resolved.resolution_graph["dependencies"].values()
    assert [(node["name"], node["version"]) for node in dependencies] == [(part.name, 1)]
    raw = api.get(langfuse._url_encode(name), resolve=False)
    assert tag in raw.prompt
    assert raw.resolution_graph is None


def test_prompts_are_listed_and_deleted(langfuse, name):
    api = langfuse.api.prompts
    tag = uuid.uuid4().hex
    for version in (1, 2):
        langfuse.create_prompt(name=name, prompt="", tags=[tag], config={"v": version})
    listed = api.list(tag=tag, limit=5)
    assert (listed.meta.total_items, listed.meta.page, listed.meta.limit) == (1, 1, 5)
    (meta,) = listed.data
    assert (meta.name, meta.versions, meta.labels, meta.last_config) == (name, [1, 2], ["latest"], {"v": 2})
    assert api.list(tag=tag, from_updated_at=meta.last_updated_at).data[0].versions == [2]
    assert api.list(tag=tag, to_updated_at=meta.last_updated_at).data[0].versions == [1]

    api.delete(langfuse._url_encode(name), version=2)
    assert fetched(langfuse, name, label="latest").version == 1
    api.delete(langfuse._url_encode(name))
    assert api.list(tag=tag).data == []
    with pytest.raises(NotFoundError):
        api.delete(langfuse._url_encode(name))


def test_a_promotion_reaches_readers(langfuse, name):
    for text in ("old", "new"):
        langfuse.create_prompt(name=name, prompt=text)
    langfuse.update_prompt(name=name, version=1, new_labels=["production"])
    assert fetched(langfuse, name).prompt == "old"
    langfuse.update_prompt(name=name, version=2, new_labels=["production"])
    deadline = time.monotonic() + DEADLINE_SECONDS
    while fetched(langfuse, name).prompt != "new":
        assert time.monotonic() < deadline, "the old version is still served"
