"""Writes a checkpoint of a tiny cross-encoder with random weights, for tests: its scores mean nothing.

What is tested is that they are the scores which sentence-transformers computes from the same weights. The generator's
stream is frozen, so that every run writes the same weights.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 128,
    "type_vocab_size": 2,
    "vocab_size": 30522,
    "pad_token_id": 0,
    "id2label": {"0": "LABEL_0"},
    "label2id": {"LABEL_0": 0},
}
SEED = 20261122
# Ten times BERT's own, so that scores differ from document to document.
SPREAD = 0.2


def shapes():
    hidden, wide = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    yield "bert.embeddings.word_embeddings.weight", (CONFIG["vocab_size"], hidden)
    yield "bert.embeddings.position_embeddings.weight", (CONFIG["max_position_embeddings"], hidden)
    yield "bert.embeddings.token_type_embeddings.weight", (CONFIG["type_vocab_size"], hidden)
    yield from norm("bert.embeddings.LayerNorm", hidden)
    for layer in range(CONFIG["num_hidden_layers"]):
        at = f"bert.encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            yield from linear(f"{at}.attention.self.{part}", hidden, hidden)
        yield from linear(f"{at}.attention.output.dense", hidden, hidden)
        yield from norm(f"{at}.attention.output.LayerNorm", hidden)
        yield from linear(f"{at}.intermediate.dense", wide, hidden)
        yield from linear(f"{at}.output.dense", hidden, wide)
        yield from norm(f"{at}.output.LayerNorm", hidden)
    yield from linear("bert.pooler.dense", hidden, hidden)
    yield from linear("classifier", 1, hidden)


def linear(name, outputs, inputs):
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def norm(name, size):
    yield f"{name}.weight", (size,)
    yield f"{name}.bias", (size,)


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    header = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"".join(each.tobytes() for each in tensors.values()))


def main():
    tokenizer, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(SEED)
    tensors = {}
    for name, shape in shapes():
        values = random.standard_normal(shape) * SPREAD
        tensors[name] = (values + 1.0 if name.endswith("LayerNorm.weight") else values).astype("<f4")
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(tokenizer / file, folder / file)


if __name__ == "__main__":
    main()
