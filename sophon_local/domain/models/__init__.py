"""Models: the ones that run here, the ones that providers offer, and which of them is in use."""

from .model import (
    KIND_NAMES,
    Machine,
    Model,
    ModelUpdated,
    NewProvider,
    NotInstalled,
    Overview,
    Provider,
    ProviderDeleted,
    ProviderPatch,
    ProviderTest,
    ProviderUpdated,
    as_size,
)
from .service import Models

__all__ = [
    "KIND_NAMES",
    "Machine",
    "Model",
    "ModelUpdated",
    "Models",
    "NewProvider",
    "NotInstalled",
    "Overview",
    "Provider",
    "ProviderDeleted",
    "ProviderPatch",
    "ProviderTest",
    "ProviderUpdated",
    "as_size",
]
