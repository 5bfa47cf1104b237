"""Scores and score configs as both generations of Langfuse's SDK send them; each reads them its own way."""

import uuid

import pytest
from langfuse.api.core import ApiError

import conftest
import reading
import traced


def many(langfuse, trace_id):
    """Each generation has its own list."""
    if conftest.GENERATION_4:
        return {score.name: score for score in langfuse.api.scores.get_many(trace_id=trace_id, limit=100).data}
    page = langfuse.api.scores.get_many(trace_id=trace_id, limit=100, fields="details,subject")
    return {score.name: score for score in page.data}


def test_each_type_of_score_is_listed_with_its_value(langfuse):
    trace_id, root, _ = traced.trace(langfuse)
    given = {
        "accuracy": ("NUMERIC", 0.25), "correct": ("BOOLEAN", 1), "tone": ("CATEGORICAL", "kind"),
        "remark": ("TEXT", "見事"),
    }
    for name, (data_type, value) in given.items():
        langfuse.create_score(
            name=name, value=value, data_type=data_type, trace_id=trace_id, observation_id=root, comment="why",
            metadata={"by": "test"},
        )
    langfuse.flush()
    found = many(langfuse, trace_id)
    assert set(found) == set(given)
    assert {name: score.data_type for name, score in found.items()} == {name: kind for name, (kind, _) in given.items()}
    assert all(score.comment == "why" and score.metadata == {"by": "test"} for score in found.values())
    assert found["accuracy"].value == 0.25
    if conftest.GENERATION_4:
        assert (found["correct"].value, found["correct"].string_value) == (1, "True")
        assert found["tone"].string_value == "kind"
    else:
        assert (found["correct"].value, found["tone"].value, found["remark"].value) == (True, "kind", "見事")


def test_a_score_of_a_session_needs_no_trace(kaname, langfuse):
    session, score = traced.fresh("session"), str(uuid.uuid4())
    traced.trace(langfuse, session=session)
    langfuse.create_score(name="resolved", value=1, data_type="BOOLEAN", session_id=session, score_id=score)
    langfuse.flush()
    found = reading.read(kaname, f"/api/public/v2/scores/{score}")
    assert (found["sessionId"], found.get("traceId")) == (session, None)


def test_a_config_bounds_the_scores_that_name_it(kaname, langfuse):
    configs = langfuse.api.score_configs
    name = traced.fresh("c")[:35]
    config = configs.create(name=name, data_type="NUMERIC", min_value=0, max_value=5, description="stars")
    assert (config.name, config.min_value, config.max_value, config.is_archived) == (name, 0, 5, False)
    labels = configs.create(
        name=name, data_type="CATEGORICAL", categories=[{"value": 1, "label": "good"}, {"value": 0, "label": "bad"}],
    )
    assert [category.label for category in labels.categories] == ["good", "bad"]
    assert configs.get_by_id(config.id).description == "stars"
    assert config.id in {listed.id for listed in configs.get(limit=100).data}
    assert configs.update(config.id, max_value=10).max_value == 10

    trace_id, _, _ = traced.trace(langfuse)
    inside, outside = str(uuid.uuid4()), str(uuid.uuid4())
    for score, value in [(inside, 7.5), (outside, 11)]:
        langfuse.create_score(
            name=name, value=value, data_type="NUMERIC", trace_id=trace_id, config_id=config.id, score_id=score,
        )
    langfuse.flush()
    assert [score.id for score in many(langfuse, trace_id).values()] == [inside]
    with pytest.raises(ApiError) as missing:
        configs.get_by_id("none")
    assert missing.value.status_code == 404


def test_a_score_can_be_deleted(langfuse):
    trace_id, _, _ = traced.trace(langfuse)
    score = str(uuid.uuid4())
    langfuse.create_score(name="wrong", value=0, trace_id=trace_id, score_id=score)
    langfuse.flush()
    assert set(many(langfuse, trace_id)) == {"wrong"}
    scores = langfuse.api.legacy.score_v1 if conftest.GENERATION_4 else langfuse.api.scores
    scores.delete(score)
    assert not many(langfuse, trace_id)
