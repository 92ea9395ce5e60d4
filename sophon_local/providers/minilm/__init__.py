"""The embedded embedding model: all-MiniLM-L6-v2, int8, on ONNX Runtime."""

from .embedder import MiniLM

__all__ = ["MiniLM"]
