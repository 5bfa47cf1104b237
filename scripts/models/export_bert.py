"""Writes the ONNX graph of a BERT encoder from its safetensors, without torch: what `scripts/model` calls.

The graph has the names that exporters of sentence-transformers give: `input_ids`, `attention_mask` and `token_type_ids` in,
`last_hidden_state` out, or `logits` where the checkpoint has a classifier on top. Its operators are ONNX's own, arranged so
that ONNX Runtime recognises and fuses attention, GELU and layer normalisation when it loads them.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


def read_safetensors(path):
    """Every tensor of the file by name; floats as 32 bits."""
    data = np.fromfile(path, dtype=np.uint8)
    (header_bytes,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + header_bytes].tobytes())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + header_bytes + offset for offset in entry["data_offsets"])
        tensor = data[begin:end].view(TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor
    return tensors


class Graph:
    """Nodes and weights in the order in which they are made."""

    def __init__(self):
        self.nodes, self.weights, self.names = [], [], set()

    def weight(self, name, value):
        if name not in self.names:
            self.names.add(name)
            self.weights.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def ints(self, *values):
        return self.weight("ints_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def scalar(self, value):
        return self.weight(f"scalar_{value}", np.array(value, dtype=np.float32))

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(self, value, weights, name, output):
        """PyTorch keeps a layer's weights as (out, in)."""
        matrix = self.weight(f"{name}.weight", weights[f"{name}.weight"].T)
        product = self.node("MatMul", [value, matrix], f"{output}/product")
        return self.node("Add", [self.weight(f"{name}.bias", weights[f"{name}.bias"]), product], output)

    def layer_norm(self, value, weights, name, epsilon, output):
        scale, bias = (self.weight(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.node("LayerNormalization", [value, scale, bias], output, axis=-1, epsilon=epsilon)

    def gelu(self, value, output):
        scaled = self.node("Div", [value, self.scalar(float(np.sqrt(2.0)))], f"{output}/scaled")
        erf = self.node("Erf", [scaled], f"{output}/erf")
        added = self.node("Add", [erf, self.scalar(1.0)], f"{output}/added")
        product = self.node("Mul", [value, added], f"{output}/product")
        return self.node("Mul", [product, self.scalar(0.5)], output)


def embeddings(graph, weights, config):
    ids, types = "input_ids", "token_type_ids"
    words = graph.node("Gather", [graph.weight("word", weights["embeddings.word_embeddings.weight"]), ids], "embed/words")
    kinds = graph.node(
        "Gather", [graph.weight("type", weights["embeddings.token_type_embeddings.weight"]), types], "embed/types"
    )
    shape = graph.node("Shape", [ids], "embed/shape")
    end = graph.node("Slice", [shape, graph.ints(1), graph.ints(2)], "embed/end")
    positions = np.arange(config["max_position_embeddings"], dtype=np.int64)[None, :]
    position_ids = graph.node(
        "Slice", [graph.weight("positions", positions), graph.ints(0), end, graph.ints(1)], "embed/position_ids"
    )
    places = graph.node(
        "Gather", [graph.weight("place", weights["embeddings.position_embeddings.weight"]), position_ids], "embed/places"
    )
    summed = graph.node("Add", [words, kinds], "embed/words_types")
    summed = graph.node("Add", [summed, places], "embed/sum")
    return graph.layer_norm(summed, weights, "embeddings.LayerNorm", config["layer_norm_eps"], "embed/output")


def attention(graph, weights, config, layer, value, mask):
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    head, name, at = hidden // heads, f"encoder.layer.{layer}.attention", f"layer{layer}/attention"
    shape = graph.ints(0, 0, heads, head)
    split = {}
    for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        projected = graph.linear(value, weights, f"{name}.self.{part}", f"{at}/{part}")
        apart = graph.node("Reshape", [projected, shape], f"{at}/{part}/heads")
        split[part] = graph.node("Transpose", [apart], f"{at}/{part}/transposed", perm=order)
    scores = graph.node("MatMul", [split["query"], split["key"]], f"{at}/scores")
    scores = graph.node("Div", [scores, graph.scalar(float(np.sqrt(head)))], f"{at}/scaled")
    scores = graph.node("Add", [scores, mask], f"{at}/masked")
    chances = graph.node("Softmax", [scores], f"{at}/softmax", axis=-1)
    mixed = graph.node("MatMul", [chances, split["value"]], f"{at}/mixed")
    mixed = graph.node("Transpose", [mixed], f"{at}/mixed/transposed", perm=[0, 2, 1, 3])
    mixed = graph.node("Reshape", [mixed, graph.ints(0, 0, hidden)], f"{at}/mixed/joined")
    output = graph.linear(mixed, weights, f"{name}.output.dense", f"{at}/dense")
    output = graph.node("Add", [output, value], f"{at}/residual")
    return graph.layer_norm(output, weights, f"{name}.output.LayerNorm", config["layer_norm_eps"], f"{at}/output")


def encoder(graph, weights, config):
    value = embeddings(graph, weights, config)
    mask = graph.node("Unsqueeze", ["attention_mask", graph.ints(1)], "mask/heads")
    mask = graph.node("Unsqueeze", [mask, graph.ints(2)], "mask/rows")
    mask = graph.node("Cast", [mask], "mask/float", to=TensorProto.FLOAT)
    mask = graph.node("Sub", [graph.scalar(1.0), mask], "mask/padding")
    mask = graph.node("Mul", [mask, graph.scalar(float(np.finfo(np.float32).min))], "mask")
    for layer in range(config["num_hidden_layers"]):
        value = attention(graph, weights, config, layer, value, mask)
        name, at = f"encoder.layer.{layer}", f"layer{layer}/feed_forward"
        wide = graph.linear(value, weights, f"{name}.intermediate.dense", f"{at}/wide")
        narrow = graph.linear(graph.gelu(wide, f"{at}/gelu"), weights, f"{name}.output.dense", f"{at}/narrow")
        narrow = graph.node("Add", [narrow, value], f"{at}/residual")
        value = graph.layer_norm(narrow, weights, f"{name}.output.LayerNorm", config["layer_norm_eps"], f"layer{layer}/output")
    return value


def model(weights, config):
    """The whole graph; with a classifier where the weights have one."""
    if config.get("hidden_act") != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        sys.exit("only BERT with GELU and absolute positions can be exported")
    weights = {name.removeprefix("bert."): value for name, value in weights.items()}
    graph = Graph()
    value = encoder(graph, weights, config)
    if "classifier.weight" in weights:
        first = graph.node("Gather", [value, graph.weight("zero", np.array(0, dtype=np.int64))], "pooler/first", axis=1)
        pooled = graph.node("Tanh", [graph.linear(first, weights, "pooler.dense", "pooler/dense")], "pooler/output")
        value = graph.linear(pooled, weights, "classifier", "classifier/output")
        name, shape = "logits", ["batch_size", int(weights["classifier.weight"].shape[0])]
    else:
        name, shape = "last_hidden_state", ["batch_size", "sequence_length", config["hidden_size"]]
    graph.node("Identity", [value], name)
    tokens = ["batch_size", "sequence_length"]
    inputs = [
        helper.make_tensor_value_info(each, TensorProto.INT64, tokens)
        for each in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    made = helper.make_graph(graph.nodes, "bert", inputs, [output], graph.weights)
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="kaname")
    onnx.checker.check_model(made)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a folder with config.json and model.safetensors")
    parser.add_argument("output", type=Path, help="the model.onnx to write")
    arguments = parser.parse_args()
    config = json.loads((arguments.checkpoint / "config.json").read_text())
    weights = read_safetensors(arguments.checkpoint / "model.safetensors")
    arguments.output.write_bytes(model(weights, config).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
