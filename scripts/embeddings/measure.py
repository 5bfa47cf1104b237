"""Sentences/s of one model by Kaname, by sentence-transformers and by ONNX Runtime from Python, in one run.

Every round runs each of them once, in an order that turns, on the same texts with the same number of threads; what is
reported is the median round and its ratio to ours. Called by scripts/bench-embeddings, which sets the environment.
"""

import json
import os
import random
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

ROUNDS = int(os.environ.get("EMBEDDINGS_ROUNDS", "7"))
THREADS = int(os.environ.get("EMBEDDINGS_THREADS", str(os.cpu_count())))
MODELS, WEIGHTS, OURS = (os.environ[name] for name in ("MODELS", "WEIGHTS", "OURS"))
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
    def __init__(self, file):
        command = [OURS, file, MODELS, str(THREADS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def timed(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main():
    peers = {
        "sentence-transformers": SentenceTransformers(),
        "onnxruntime, Python": PythonOnnx(False),
        "onnxruntime, Python, sorted": PythonOnnx(True),
    }
    print(f"threads: {THREADS}, rounds: {ROUNDS}, onnxruntime {onnxruntime.__version__}, torch {torch.__version__}")
    print("| texts | who | sentences/s, median | range | ours is faster by |\n|---|---|---|---|---|")
    for name, texts in corpora().items():
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(texts, file)
            file.flush()
            ours = Ours(file.name)
            measures = {"Kaname": ours.seconds} | {
                who: (lambda peer=peer: timed(lambda: peer.encode(texts))) for who, peer in peers.items()
            }
            for measure in measures.values():
                measure()
            rounds = {who: [] for who in measures}
            order = list(measures)
            for _ in range(ROUNDS):
                for who in order:
                    rounds[who].append(measures[who]())
                order = order[1:] + order[:1]
            ours.end()
        for who, seconds in rounds.items():
            ratios = [theirs / mine for theirs, mine in zip(seconds, rounds["Kaname"])]
            rates = [len(texts) / each for each in seconds]
            median, low, high = statistics.median(rates), min(rates), max(rates)
            print(f"| {name} | {who} | {median:,.0f} | {low:,.0f} to {high:,.0f} | {statistics.median(ratios):.2f}× |")


if __name__ == "__main__":
    main()
