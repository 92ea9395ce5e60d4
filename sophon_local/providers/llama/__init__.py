"""Chat models in GGUF files, run by llama.cpp (through xllamacpp) in a process of their own: see decisions/0002-llama-in-a-child-process.md."""

from .chat import SMALL, LlamaChat
from .gguf import ModelFile, read_model_file

__all__ = ["SMALL", "LlamaChat", "ModelFile", "read_model_file"]
