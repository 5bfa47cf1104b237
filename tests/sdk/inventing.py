"""A model that answers from the passages it is shown, and sometimes invents: quotes, numbers, sentences without any."""

import json
import random
import re

from provider import USAGE, Handler, Provider, chunk, completion

PASSAGE = re.compile(r'<passage label="(S\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)
SENTENCE = re.compile(r"[^.。]*(?:\d[.]\d[^.。]*)*[.。]")
# A word that no document holds: in every sentence that nothing proves.
MARK = "Zorblax"


class Inventor(Provider):
    """`habit` is how it answers: `sometimes` invents, `always`, or finds the answer `missing`."""

    habit = "sometimes"
    asked = 0

    def reset(self):
        super().reset()
        self.habit = "sometimes"

    def handler(self):
        return Answers

    def settings(self):
        return {**super().settings(), "APP_DOCUMENTS__ANSWERS__MODEL": "gpt-4o-mini"}

    def lines(self, prompt):
        """What it says next; what of it is invented is remembered."""
        self.asked += 1
        choice = random.Random(self.asked)
        self.true, self.invented = [], []
        if self.habit == "missing":
            return [json.dumps({"missing": "The passages do not say that."})]
        sentences = [(label, text) for label, passage in PASSAGE.findall(prompt) for text in told(passage)]
        if self.habit != "always":
            self.true = [true(choice, *found) for found in choice.sample(sentences, min(3, len(sentences)))]
        some = len(INVENTIONS) if self.habit == "always" else choice.randrange(len(INVENTIONS) + 1)
        for invent in choice.sample(INVENTIONS, some):
            (label, sentence), (_, other) = choice.choice(sentences), choice.choice(sentences)
            self.invented.append(invent(label, sentence, other))
        lines = self.true + self.invented
        choice.shuffle(lines)
        self.true = [line for line in lines if line in self.true]
        return [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]


class Answers(Handler):
    def be_good(self, body):
        prompt = body["messages"][-1]["content"]
        text = "\n".join(self.server.provider.lines(prompt))
        if not body.get("stream"):
            whole = completion(body)
            whole["choices"][0]["message"]["content"] = text
            return self.answer(200, whole)
        self.begin_stream()
        # Pieces end anywhere, also within a quote.
        for start in range(0, len(text), 17):
            self.send(chunk({"content": text[start:start + 17]}))
        self.send(chunk({}, "stop"))
        self.send({**chunk({}), "choices": [], "usage": USAGE})
        self.frame(b"data: [DONE]\n\n")
        self.frame(b"")


def told(passage):
    """The sentences of a passage that say something; none runs over a heading."""
    found = (sentence.strip() for block in passage.split("\n\n") for sentence in SENTENCE.findall(block))
    return [sentence for sentence in found if len(sentence) > 24]


def is_japanese(text):
    return "。" in text


def claim(say, source, quote):
    return {"say": say, "cite": [{"source": source, "quote": quote}]}


def true(choice, label, sentence):
    """A sentence of the passage, quoted as models quote: line breaks gone, at times the wrong label or other spaces."""
    flat = sentence.replace("\n", "" if is_japanese(sentence) else " ")
    say = f"論文によれば、{flat}" if is_japanese(sentence) else f"The paper says: {flat}"
    return claim(say, choice.choice([label, f"[{label}]", "S999"]), choice.choice([flat, f"「{flat}」", sentence]))


def made_up(label, sentence, _):
    english = "the authors concede that every scorer was a mouse"
    quote = "評価者は全員がネズミであったと著者らは認めている" if is_japanese(sentence) else english
    return claim(f"{MARK} was a mouse.", label, quote)


def of_another_number(label, sentence, _):
    quote = re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), sentence)
    return claim(f"{MARK} measured it.", label, quote if quote != sentence else quote + " 7 times")


def negated(label, sentence, _):
    quote = re.sub("た。$", "なかった。", sentence)
    quote = re.sub(r"\b(was|were|is|are|the)\b", r"\1 not", quote, count=1)
    return claim(f"{MARK} was not so.", label, quote if quote != sentence else quote + " not")


def collage(label, sentence, other):
    middle = len(sentence) // 2
    return claim(f"{MARK} follows.", label, sentence[:middle] + " and so " + other[len(other) // 2:])


def another_number_than_quoted(label, sentence, _):
    return claim(f"{MARK} slept for 97531 hours.", label, sentence)


def without_quote(*_):
    return {"say": f"{MARK} is well known.", "cite": []}


def translated(label, sentence, _):
    quote = "artificial light abolished sleep altogether" if is_japanese(sentence) else "人工照明は睡眠を完全に奪った"
    return claim(f"{MARK} says it in other words.", label, quote)


def too_short(label, sentence, _):
    return claim(f"{MARK} is short.", label, sentence.strip()[:3])


def prose(*_):
    return f"Of course! Here is what {MARK} found"


INVENTIONS = [
    made_up, of_another_number, negated, collage, another_number_than_quoted, without_quote, translated, too_short, prose,
]
