"""Turns the demonstration weights (GGUF) into the folder that vLLM serves, with the two thinking tokens of DeepSeek-R1.

Run by the interpreter of `.venv-vllm`: `python weights.py SOURCE.gguf FOLDER`. The model never learned to close its
thinking; a `thinking_token_budget` makes it, which is what the hub asks of every tier.
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

THINKING = ("<think>", "</think>")
NEWLINE = "Ċ"  # a thinking token reads like one, and is never the model's own choice
CONTROL = 3  # GGUF's token type for special tokens
# The last turn opens the thinking, as the chat template of DeepSeek-R1 does.
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
LAYER = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def main(source: Path, folder: Path) -> None:
    reader = GGUFReader(source)
    folder.mkdir(parents=True, exist_ok=True)
    config = _config(reader)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    save_file(_tensors(reader, config), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(reader).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(config), indent=1), encoding="utf-8")


def _value(reader: GGUFReader, name: str) -> object:
    return reader.fields[name].contents()


def _config(reader: GGUFReader) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "vocab_size": _value(reader, "llama.vocab_size") + len(THINKING),
        "hidden_size": _value(reader, "llama.embedding_length"),
        "intermediate_size": _value(reader, "llama.feed_forward_length"),
        "num_hidden_layers": _value(reader, "llama.block_count"),
        "num_attention_heads": _value(reader, "llama.attention.head_count"),
        "num_key_value_heads": _value(reader, "llama.attention.head_count_kv"),
        "max_position_embeddings": _value(reader, "llama.context_length"),
        "rms_norm_eps": _value(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": _value(reader, "llama.rope.freq_base"),
        "bos_token_id": _value(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _value(reader, "tokenizer.ggml.eos_token_id"),
    }


def _tensors(reader: GGUFReader, config: dict[str, object]) -> dict[str, np.ndarray]:
    newline = _value(reader, "tokenizer.ggml.tokens").index(NEWLINE)
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors = {}
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        part = tensor.name.split(".")
        if tensor.name == "token_embd.weight":
            tensors["model.embed_tokens.weight"] = np.concatenate([weights, weights[[newline] * len(THINKING)]])
            tensors["lm_head.weight"] = np.concatenate([weights, np.zeros_like(weights[: len(THINKING)])])
        elif tensor.name == "output_norm.weight":
            tensors["model.norm.weight"] = weights
        else:
            kind = part[2]
            name = f"model.layers.{part[1]}.{LAYER[kind]}.weight"
            tensors[name] = _halves(weights, heads[kind]) if kind in heads else weights
    return tensors


def _halves(weights: np.ndarray, heads: int) -> np.ndarray:
    """GGUF interleaves the two halves of each rotary head; Hugging Face keeps them one after the other."""
    rows, columns = weights.shape
    pairs = weights.reshape(heads, rows // heads // 2, 2, columns)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, columns))


def _tokenizer(reader: GGUFReader) -> Tokenizer:
    tokens = _value(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in _value(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = _value(reader, "tokenizer.ggml.token_type")
    control = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in THINKING])
    return tokenizer


def _tokenizer_config(config: dict[str, object]) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>",
        "model_max_length": config["max_position_embeddings"],
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
