"""Tools: what an agent can do besides talking, each with its schema and its risk."""

from .model import CATALOGUE, Tool, ToolPolicyLike, allowed, catalogue
from .service import ToolResult, Tools

__all__ = ["CATALOGUE", "Tool", "ToolPolicyLike", "ToolResult", "Tools", "allowed", "catalogue"]
