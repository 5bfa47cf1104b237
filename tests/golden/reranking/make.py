"""Scores pairs with sentence-transformers: how tiny-cross-encoder.json came about, and how to make it again.

Run it with what scripts/requirements/sentence-transformers.txt pins (gigabytes, for torch):
make.py "$(scripts/model tests)/tiny-cross-encoder". The model's weights are random: its scores mean nothing.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from sentence_transformers import CrossEncoder

QUERY = "What is the capital of Japan? 日本の首都"
DOCUMENTS = [
    "Tokyo is the capital of Japan.",
    "東京は日本の首都です。",
    "A man is playing a guitar on stage.",
    "",
    "word",
    "The committee reviewed the proposal and asked for more evidence. " * 20,
    "委員会は提案を審査し、さらなる証拠を求めた。" * 20,
    "Kyoto was the capital of Japan until 1868.",
]

folder = Path(__file__).parent
model = CrossEncoder(sys.argv[1], device="cpu")
made = {
    "made_with": {name: version(name) for name in ("sentence-transformers", "transformers", "tokenizers", "torch")},
    "cases": [],
}
# Where the query and the document are both too long, releases of tokenizers cut the pair a token apart: no such pair.
SHORT = [document for document in DOCUMENTS if len(document) < 1000]
for query, documents in ((QUERY, DOCUMENTS), ("a " * 300, SHORT)):
    scores = model.predict([(query, document) for document in documents], batch_size=3)
    made["cases"].append({"query": query, "documents": documents, "scores": [float(score) for score in scores]})
(folder / "tiny-cross-encoder.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
