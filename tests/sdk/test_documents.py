"""From an uploaded PDF to answers that quotes prove, over plain HTTP: what the model invents, nobody hears of."""

import io
import json
import uuid

import httpx
import PIL.Image
import pytest

import papers
import provider as fake
import reading
from inventing import MARK
from papers import packed

PAPERS = [papers.ENGLISH, papers.JAPANESE]
# Points by which a box may stand off from what was drawn.
NEAR = 3
ROUNDS = 5


class Library:
    """Both papers, uploaded and indexed into a folder of their own."""

    def __init__(self, kaname):
        self.http = httpx.Client(
            base_url=f"{kaname.url}/api/v1/projects/{kaname.project}",
            auth=(kaname.public_key, kaname.secret_key),
            timeout=60,
        )
        self.folder = f"papers-{uuid.uuid4().hex[:8]}"
        self.papers, self.versions, self.progress, self.pages = {}, {}, {}, {}
        for paper in PAPERS:
            uploaded = self.http.post(
                "/documents",
                files={"file": (f"{paper.language}.pdf", paper.pdf(), "application/pdf")},
                data={"folder": self.folder, "tags": [paper.language]},
            )
            assert uploaded.status_code == 201, uploaded.text
            document = uploaded.json()["document"]
            self.papers[document["id"]] = paper
            self.versions[document["id"]] = document["version"]["id"]
        for document, paper in self.papers.items():
            self.progress[paper.language] = self.watch(document)

    def watch(self, document):
        with self.http.stream("GET", f"/documents/{document}/progress") as told:
            assert told.headers["content-type"] == "text/event-stream"
            return list(events(told))

    def get(self, path):
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def page(self, document, number):
        """A page as it was read, which never changes."""
        path = f"/documents/{document}/versions/1/pages/{number}"
        if path not in self.pages:
            self.pages[path] = self.get(path)
        return self.pages[path]

    def ask(self, question, how="json", **more):
        """The answer, and everything that was sent of it."""
        body = {"question": question, "folder": self.folder, **more}
        if how == "json":
            answer = self.http.post("/ask", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json(), answer.text
        with self.http.stream("POST", "/ask", json={**body, "stream": True}) as told:
            assert told.status_code == 200, told.read()
            heard = list(events(told))
        names = [name for name, _ in heard]
        assert names[0] == "plan" and names[-1] == "answer" and set(names[1:-1]) <= {"sentence"}, names
        answer = heard[-1][1]
        assert [data for name, data in heard if name == "sentence"] == answer["sentences"]
        return answer, json.dumps(heard, ensure_ascii=False)


def events(stream):
    """The events of a stream: their names with their data."""
    name = None
    for line in stream.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.fixture(scope="module")
def library(kaname):
    return Library(kaname)


def require_proof(library, citation):
    """The words stand in the document, on the page that is named, and within each box."""
    paper = library.papers[citation["document"]]
    assert library.versions[citation["document"]] == citation["version"]
    first, last = citation["pages"]
    assert first == last, "no sentence of these papers runs over a page"
    page = library.page(citation["document"], first)
    start, end = (citation[name] - page["start"] for name in ("start", "end"))
    assert 0 <= start < end and page["text"][start:end] == citation["quote"]
    quote = packed(citation["quote"])
    assert quote in paper.drawn(first), "the paper itself does not say so there"
    assert citation["boxes"]
    assert (round(page["size"]["width"]), round(page["size"]["height"])) == (round(papers.WIDTH), round(papers.HEIGHT))
    marked = [line_of(paper, page["size"], box) for box in citation["boxes"]]
    assert quote in packed("".join(line.text for line in marked)), "the boxes mark other lines"


def line_of(paper, size, box):
    """The line that was drawn where a box is."""
    assert 0 <= box["left"] < box["right"] <= size["width"] and 0 <= box["top"] < box["bottom"] <= size["height"]
    middle = (box["left"] + box["right"]) / 2, (box["top"] + box["bottom"]) / 2
    [line] = [line for line in paper.lines if line.page == box["page"] and line.holds(*middle)]
    assert line.left - NEAR <= box["left"] and box["right"] <= line.right + NEAR
    return line


def require_no_invention(provider, sent):
    assert MARK not in sent
    for line in provider.invented:
        quotes = [] if isinstance(line, str) else [cited["quote"] for cited in line["cite"]]
        true = [packed(cited["quote"]) for line in provider.true for cited in line["cite"]]
        for quote in quotes:
            # True words under an invented sentence, and a few letters, may well stand elsewhere.
            is_of_a_true_one = any(packed(quote) in packed(other) for other in true)
            assert is_of_a_true_one or len(quote) < 4 or packed(quote) not in packed(sent), quote


def test_an_upload_is_watched_until_it_is_indexed(library):
    for told in library.progress.values():
        assert [name for name, _ in told[:-1]] == ["progress"] * (len(told) - 1)
        name, last = told[-1]
        assert (name, last["state"], last["pages"], last["pages_done"]) == ("end", "indexed", 3, 3)
        done = [progress["pages_done"] for _, progress in told]
        assert done == sorted(done)
    for document, paper in library.papers.items():
        found = library.get(f"/documents/{document}")
        assert (found["title"], found["authors"]) == (paper.title, ["Test Author"])
        sources = library.get(f"/documents/{document}/versions/1")["sources"]
        assert sources == {"pdfium": 3}


@pytest.mark.parametrize("how, mode", [("json", "whole"), ("events", "search")])
@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.language)
def test_what_is_told_is_proved_and_what_is_invented_is_not_told(library, provider, paper, how, mode):
    removed = 0
    for number in range(ROUNDS):
        question = paper.questions[number % len(paper.questions)]
        answer, sent = library.ask(question, how, mode=mode, tags=[paper.language])
        assert (answer["outcome"], answer["mode"]) == ("answered", mode)
        assert [sentence["text"] for sentence in answer["sentences"]] == [line["say"] for line in provider.true]
        assert answer["removed"] == len(provider.invented)
        removed += answer["removed"]
        for sentence in answer["sentences"]:
            assert sentence["citations"]
            for citation in sentence["citations"]:
                require_proof(library, citation)
        require_no_invention(provider, sent)
        stored = library.get(f"/threads/{answer['thread']}")
        assert stored["answers"] == [answer]
        require_no_invention(provider, json.dumps(stored, ensure_ascii=False))
        assert papers.HIDDEN not in json.dumps(provider.requests)
    assert removed > ROUNDS, "the model invented too little to show anything"


def test_an_answer_may_be_of_papers_in_both_languages(library, provider):
    cited = set()
    for _ in range(ROUNDS):
        answer, _ = library.ask("How long did they sleep? 睡眠時間は？")
        assert answer["removed"] == len(provider.invented)
        for sentence in answer["sentences"]:
            for citation in sentence["citations"]:
                require_proof(library, citation)
                cited.add(library.papers[citation["document"]].language)
    assert cited == {"ja", "en"}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.language)
def test_a_box_lies_on_the_words_in_the_picture_of_its_page(library, provider, paper):
    answer, _ = library.ask(paper.questions[0], tags=[paper.language])
    citation = answer["sentences"][0]["citations"][0]
    box = citation["boxes"][0]
    path = f"/documents/{citation['document']}/versions/1/pages/{box['page']}"
    drawn = library.http.get(f"{path}/image", params={"width": 1000})
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    picture = PIL.Image.open(io.BytesIO(drawn.content)).convert("L")
    scale = picture.width / library.page(citation["document"], box["page"])["size"]["width"]
    left, top, right, bottom = (box[side] * scale for side in ("left", "top", "right", "bottom"))
    assert ink(picture.crop((left, top, right, bottom))) > 0.05
    assert ink(picture.crop((0, top, left - 3 * scale, bottom))) == 0, "the margin beside it is empty"


def ink(picture):
    """The share of its pixels that are dark."""
    return sum(picture.histogram()[:128]) / (picture.width * picture.height)


@pytest.mark.parametrize("how", ["json", "events"])
def test_evidence_that_is_too_thin_is_refused_with_the_reason(library, provider, how):
    nowhere, _ = library.ask("What did the mice eat?", how, folder="nowhere")
    assert (nowhere["outcome"], nowhere["sentences"], nowhere["passages"]) == ("refused", [], 0)
    unheard, _ = library.ask("Quetzalcoatlus?", how, mode="search")
    assert (unheard["outcome"], unheard["sentences"], unheard["passages"]) == ("refused", [], 0)
    assert nowhere["missing"] and unheard["missing"] and nowhere["missing"] != unheard["missing"]
    assert provider.requests == [], "a model was asked about nothing"

    provider.habit = "missing"
    missing, _ = library.ask("What did the mice eat?", how)
    assert (missing["outcome"], missing["missing"]) == ("refused", "The passages do not say that.")

    provider.habit = "always"
    for paper in PAPERS:
        invented, sent = library.ask(paper.questions[0], how, tags=[paper.language])
        assert (invented["outcome"], invented["sentences"], invented["text"]) == ("refused", [], "")
        assert invented["missing"] and invented["removed"] == len(provider.invented)
        require_no_invention(provider, sent)


def test_invented_sentences_are_marked_for_who_wants_to_see_them(library, provider):
    provider.habit = "always"
    answer, _ = library.ask("How long did the mice sleep?", unsupported="mark")
    assert (answer["outcome"], answer["text"]) == ("refused", "")
    codes = {sentence["doubt"]["code"] for sentence in answer["sentences"]}
    assert codes == {"no_quote", "quote_not_found", "number_not_quoted"}


@pytest.mark.parametrize("mode", ["whole", "search"])
def test_a_question_is_one_trace_with_what_was_retrieved_its_tokens_and_its_cost(kaname, library, provider, mode):
    answer, _ = library.ask(papers.JAPANESE.questions[0], mode=mode)
    trace = reading.trace(kaname, answer["trace"])
    assert (trace["name"], trace["input"], trace["sessionId"]) == ("ask", papers.JAPANESE.questions[0], answer["thread"])
    kinds = {observation["type"]: observation for observation in trace["observations"]}
    assert sorted(kinds) == ["CHAIN", "GENERATION", "RETRIEVER"] and len(trace["observations"]) == 3
    root, call, retrieved = (kinds[kind] for kind in ("CHAIN", "GENERATION", "RETRIEVER"))
    assert root["parentObservationId"] is None
    assert {call["parentObservationId"], retrieved["parentObservationId"]} == {root["id"]}
    shown = retrieved["output"]
    assert len(shown) == answer["passages"] > 0
    assert {passage["document"] for passage in shown} <= set(library.papers)
    assert all((passage["score"] is not None) == (mode == "search") for passage in shown)
    assert call["usageDetails"]["total"] == answer["tokens"] == 1200
    assert call["calculatedTotalCost"] == pytest.approx(fake.COST, abs=1e-12)
    assert trace["totalCost"] == pytest.approx(fake.COST, abs=1e-12)
    # What the model said stands in the trace, and what was told of it.
    assert MARK not in json.dumps(root["output"])
    assert [sentence["text"] for sentence in root["output"]["sentences"]] == [line["say"] for line in provider.true]
