"""Agents: a personality each, with a folder of Markdown files that any editor may change."""

from .model import MAX_PROMPT_CHARACTERS, Agent, AgentPatch, Heartbeat, MarkdownFile, ModelChoice, NewAgent, ToolPolicy
from .service import Agents

__all__ = ["MAX_PROMPT_CHARACTERS", "Agent", "AgentPatch", "Agents", "Heartbeat", "MarkdownFile", "ModelChoice", "NewAgent", "ToolPolicy"]
