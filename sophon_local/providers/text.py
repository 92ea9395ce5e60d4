"""Text on its way to a model."""

from __future__ import annotations


def encodable(text: str) -> str:
    """``text`` with what UTF-8 cannot hold (lone surrogates) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def estimate_tokens(text: str) -> int:
    """About how many tokens ``text`` has, for models whose tokenizer is not here: a quarter of its Latin characters and each of the others. Rather too many."""
    latin = sum(1 for character in text if character < "\u0250")
    return -(-latin // 4) + len(text) - latin
