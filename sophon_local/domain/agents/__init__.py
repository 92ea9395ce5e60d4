"""Agents: a personality each, with a folder of Markdown files that any editor may change."""

from .model import Agent, AgentPatch, Heartbeat, MarkdownFile, ModelChoice, NewAgent, ToolPolicy
from .service import Agents

__all__ = ["Agent", "AgentPatch", "Agents", "Heartbeat", "MarkdownFile", "ModelChoice", "NewAgent", "ToolPolicy"]
