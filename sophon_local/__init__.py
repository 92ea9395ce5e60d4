"""Sophon Local: an agent server with a memory that lives on your own machine."""

__version__ = "0.1.0"
