"""Sentences/s of one model by Kaname, by sentence-transformers and by ONNX Runtime from Python, in one run.

Every round runs each of them once, in an order that turns, on the same texts with the same number of threads; what is
reported is the median round and its ratio to ours, which is asked over HTTP. All must make the same vectors, to 1e-4. Called by scripts/bench-embeddings, which sets the environment.
"""

import base64
import os
import pathlib
import random
import statistics
import sys
import time

import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

sys.path.append(str(pathlib.Path(__file__).parent.parent / "retrieval"))
from app import running  # noqa: E402, as it is found there

ROUNDS = int(os.environ.get("EMBEDDINGS_ROUNDS", "7"))
THREADS = int(os.environ.get("EMBEDDINGS_THREADS", str(os.cpu_count())))
MODELS, WEIGHTS = os.environ["MODELS"], os.environ["WEIGHTS"]
MODEL = f"{MODELS}/all-MiniLM-L6-v2"
BATCH = 32
MAX_TOKENS = 256
SEED = 7

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were
all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time
new some could these two may first then do any like my now over such our man me even most made after also did many off before must well
model paper method result data figure table section evidence claim citation document page quote answer question search index""".split()


def corpora():
    """Short sentences, chunks of a paper, and both mixed. Lengths in words."""
    chance = random.Random(SEED)
    text = lambda low, high: " ".join(chance.choice(WORDS) for _ in range(chance.randint(low, high)))
    short = [text(4, 30) for _ in range(768)]
    long = [text(120, 220) for _ in range(96)]
    mixed = [text(60, 200) if chance.random() < 0.15 else text(4, 30) for _ in range(384)]
    return {"sentences": short, "chunks": long, "mixed": mixed}


class PythonOnnx:
    """As its documentation shows it; `is_sorted` also puts texts of equal length together."""

    def __init__(self, is_sorted):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self.session = onnxruntime.InferenceSession(f"{MODEL}/model.onnx", options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding()
        self.is_sorted = is_sorted

    def encode(self, texts):
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at])) if self.is_sorted else range(len(texts))
        made = np.empty((len(texts), 384), np.float32)
        order = list(order)
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            encoded = self.tokenizer.encode_batch([texts[row] for row in rows])
            mask = np.array([each.attention_mask for each in encoded], np.int64)
            (hidden,) = self.session.run(
                None,
                {
                    "input_ids": np.array([each.ids for each in encoded], np.int64),
                    "attention_mask": mask,
                    "token_type_ids": np.array([each.type_ids for each in encoded], np.int64),
                },
            )
            pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
            made[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return made


class SentenceTransformers:
    def __init__(self):
        torch.set_num_threads(THREADS)
        self.model = SentenceTransformer(WEIGHTS, device="cpu")

    def encode(self, texts):
        return self.model.encode(texts, batch_size=BATCH, show_progress_bar=False)


class Ours:
    """The running binary, asked over HTTP as every caller is: JSON in, base64 out."""

    def __init__(self, app):
        self.app = app

    def encode(self, texts):
        body = {"model": "local/all-MiniLM-L6-v2", "input": texts, "encoding_format": "base64"}
        items = self.app.ask("POST", "/v1/embeddings", body)["data"]
        return np.stack([np.frombuffer(base64.b64decode(item["embedding"]), np.float32) for item in items])


def timed(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main():
    with running(None, {"APP_INFERENCE__MODELS": MODELS, "APP_INFERENCE__THREADS": str(THREADS)}) as app:
        measure({
            "Kaname": Ours(app),
            "sentence-transformers": SentenceTransformers(),
            "onnxruntime, Python": PythonOnnx(False),
            "onnxruntime, Python, sorted": PythonOnnx(True),
        })


def measure(all):
    print(f"threads: {THREADS}, rounds: {ROUNDS}, onnxruntime {onnxruntime.__version__}, torch {torch.__version__}")
    print("| texts | who | sentences/s, median | range | ours is faster by |\n|---|---|---|---|---|")
    for name, texts in corpora().items():
        vectors = {who: one.encode(texts) for who, one in all.items()}
        for who, theirs in vectors.items():
            assert np.abs(vectors["Kaname"] - theirs).max() < 1e-4, f"{who} makes other vectors of {name}"
        rounds = {who: [] for who in all}
        order = list(all)
        for _ in range(ROUNDS):
            for who in order:
                rounds[who].append(timed(lambda: all[who].encode(texts)))
            order = order[1:] + order[:1]
        for who, seconds in rounds.items():
            ratios = [theirs / mine for theirs, mine in zip(seconds, rounds["Kaname"])]
            rates = [len(texts) / each for each in seconds]
            median, low, high = statistics.median(rates), min(rates), max(rates)
            print(f"| {name} | {who} | {median:,.0f} | {low:,.0f} to {high:,.0f} | {statistics.median(ratios):.2f}× |")


if __name__ == "__main__":
    main()
