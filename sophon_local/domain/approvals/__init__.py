"""Approvals: questions that wait for a person, bound to exactly one call."""

from .model import Approval, ApprovalRequested, ApprovalResolved, NewApproval, call_hash
from .service import Approvals

__all__ = ["Approval", "ApprovalRequested", "ApprovalResolved", "Approvals", "NewApproval", "call_hash"]
