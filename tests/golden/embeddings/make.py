"""Embeds sentences.json with sentence-transformers: how all-MiniLM-L6-v2.json came about, and how to make it again.

Run it with what scripts/requirements/sentence-transformers.txt pins (gigabytes, for torch) and the folder of the model's
weights: make.py "$(scripts/model weights)". Vectors are base64 of little-endian 32-bit floats.
"""

import base64
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

folder = Path(__file__).parent
checkpoint = Path(sys.argv[1])
texts = [entry["text"] * entry.get("times", 1) for entry in json.loads((folder / "sentences.json").read_text("utf-8"))]
model = SentenceTransformer(str(checkpoint), device="cpu")
vectors = model.encode(texts, batch_size=8, convert_to_numpy=True)
assert vectors.dtype == np.float32 and vectors.shape == (len(texts), 384)
lengths = [len(ids) for ids in model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)["input_ids"]]
made = {
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "weights_sha256": hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest(),
    "made_with": {name: version(name) for name in ("sentence-transformers", "transformers", "tokenizers", "torch")},
    "dimension": 384,
    "tokens": lengths,
    "vectors": [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors],
}
lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in made.items() if key != "vectors"]
vectors = ",\n".join(f"  {json.dumps(vector)}" for vector in made["vectors"])
text = ",\n".join([*lines, f' "vectors": [\n{vectors}\n ]'])
(folder / "all-MiniLM-L6-v2.json").write_text("{\n" + text + "\n}\n")
