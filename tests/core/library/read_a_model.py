# Reads a model folder, knowing nothing but what models/README.md says. LSTM only.
import json

import numpy as np


def load(folder):
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    tokens = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))["tokens"]
    content = (folder / "weights.safetensors").read_bytes()
    size = int(np.frombuffer(content[:8], "<u8")[0])
    arrays = {}
    for name, entry in json.loads(content[8 : 8 + size]).items():
        if name != "__metadata__":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            kind = {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]
            arrays[name] = np.frombuffer(content[start:end], kind).reshape(entry["shape"]).astype("f4")
    return about["architecture"], tokens, arrays


def logits(shape, arrays, ids):
    hidden, cell = np.zeros((2, shape["layers"], shape["hidden_size"]), "f4")
    for id_ in ids:
        x = arrays["embedding"][id_]
        for n in range(shape["layers"]):
            z = x @ arrays[f"lstm_{n}.kernel"] + arrays[f"lstm_{n}.bias"]
            i, f, g, o = np.split(z + hidden[n] @ arrays[f"lstm_{n}.recurrent_kernel"], 4)
            cell[n] = cell[n] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            x = hidden[n] = np.tanh(cell[n]) / (1 + np.exp(-o))
    x = x @ arrays["projection.kernel"] if "projection.kernel" in arrays else x
    kernel = arrays["embedding"].T if shape["tied"] else arrays["output.kernel"]
    return x @ kernel + arrays["output.bias"]


def continue_greedily(folder, words, count):
    shape, tokens, arrays = load(folder)
    unknown = tokens.index("<unk>") if "<unk>" in tokens else None
    known = [tokens.index(word) if word in tokens else unknown for word in words]
    ids = [id_ for id_ in known if id_ is not None] if any(word in tokens for word in words) else []
    ids = ([tokens.index("<s>")] if "<s>" in tokens else []) + ids
    for _ in range(count):
        read = (
            ids if shape["context"] == "stream" else ([0] * shape["window"] + ids)[-shape["window"] :]
        )
        answer = logits(shape, arrays, read)
        answer[[n for n, token in enumerate(tokens) if token.startswith("<")]] = -np.inf
        ids.append(int(answer.argmax()))
    return [tokens[id_] for id_ in ids[-count:]]
