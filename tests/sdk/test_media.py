"""Media as Langfuse's Python SDK uploads and resolves them, by itself and when asked to."""

import base64
import hashlib
import os

import pytest
from langfuse.api.core import ApiError
from langfuse.media import LangfuseMedia

import reading


def data_uri(content, content_type="image/png"):
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def observed(kaname, langfuse, **fields):
    with langfuse.start_as_current_observation(name="root", **fields) as root:
        pass
    langfuse.flush()
    return root, reading.by_name(reading.trace(kaname, root.trace_id))["root"]


def listed(kaname, trace_id):
    found = reading.read(kaname, f"/api/v1/media?trace_id={trace_id}")["items"]
    return sorted((item["observation_id"], item["field"], item["media"]["id"]) for item in found)


def test_what_is_wrapped_or_encoded_is_uploaded_and_resolved_again(kaname, langfuse):
    image, sound = os.urandom(3000), os.urandom(7_000_000)
    wrapped = LangfuseMedia(content_bytes=sound, content_type="audio/wav")
    root, found = observed(
        kaname, langfuse,
        input={"image": data_uri(image), "text": "what is this?"}, output=[wrapped], metadata={"n": 1},
    )
    reference = found["input"]["image"]
    assert reference.startswith("@@@langfuseMedia:type=image/png|id=") and reference.endswith("@@@")
    assert found["output"] == [wrapped._reference_string]
    resolved = langfuse.resolve_media_references(
        obj={"input": found["input"], "output": found["output"]}, resolve_with="base64_data_uri"
    )
    assert resolved["input"] == {"image": data_uri(image), "text": "what is this?"}
    assert resolved["output"] == [data_uri(sound, "audio/wav")]

    parsed = LangfuseMedia.parse_reference_string(reference)
    media = langfuse.api.media.get(parsed["media_id"])
    assert (media.content_type, media.content_length) == ("image/png", len(image))
    assert listed(kaname, root.trace_id) == sorted(
        [(root.id, "input", parsed["media_id"]), (root.id, "output", wrapped._media_id)]
    )


def test_the_same_content_is_uploaded_once(kaname, langfuse):
    content = os.urandom(1000)
    observed(kaname, langfuse, input=LangfuseMedia(content_bytes=content, content_type="text/plain"))
    sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode()
    again = langfuse.api.media.get_upload_url(
        content_type="text/plain", content_length=len(content), sha256hash=sha256, field="input",
        trace_id=langfuse.create_trace_id(),
    )
    assert again.upload_url is None
    assert langfuse.api.media.get(again.media_id).content_length == len(content)


def test_an_upload_that_was_only_announced_is_not_there(langfuse):
    content = os.urandom(100)
    announced = langfuse.api.media.get_upload_url(
        content_type="image/png", content_length=100, field="output", trace_id=langfuse.create_trace_id(),
        sha256hash=base64.b64encode(hashlib.sha256(content).digest()).decode(),
    )
    assert announced.upload_url
    with pytest.raises(ApiError) as missing:
        langfuse.api.media.get(announced.media_id)
    assert missing.value.status_code == 404
    with pytest.raises(ApiError) as refused:
        langfuse.api.media.get_upload_url(
            content_type="image/png", content_length=10**12, field="output", sha256hash="x",
            trace_id=langfuse.create_trace_id(),
        )
    assert refused.value.status_code == 400


def test_media_go_with_their_trace(kaname, langfuse):
    content = LangfuseMedia(content_bytes=os.urandom(100), content_type="image/png")
    root, _ = observed(kaname, langfuse, input=content)
    assert langfuse.api.media.get(content._media_id).url
    langfuse.api.trace.delete(root.trace_id)
    with pytest.raises(ApiError):
        langfuse.api.media.get(content._media_id)
