"""How models are shown to people."""

from __future__ import annotations

from .model import KIND_NAMES, Entry, Machine, Model, Offered, Progress, Provider, fits, why


def show_own(
    entry: Entry, here: Machine, best: Entry | None, progress: Progress | None, is_installed: bool, here_bytes: int, is_in_use: bool, is_loaded: bool
) -> Model:
    """A model that runs in this program."""
    recommended = best is not None and entry.id == best.id
    return Model(
        id=entry.id,
        name=entry.name,
        kind=entry.kind,
        source=entry.source,
        provider_id=None,
        licence=entry.licence,
        size_bytes=entry.size_bytes,
        parameters=entry.parameters,
        context_tokens=entry.context_tokens,
        status="installed" if is_installed else progress.status if progress else "available",
        done_bytes=progress.done_bytes if progress else here_bytes,
        total_bytes=entry.size_bytes,
        error=progress.error if progress else None,
        is_in_use=is_in_use,
        is_loaded=is_loaded,
        fits_memory=fits(entry.memory_bytes, here),
        recommended=recommended,
        why=why(entry, here, recommended),
        note=entry.note,
    )


def show_remote(provider: Provider, model: Offered, is_in_use: bool) -> Model:
    """A model of a provider's."""
    where = "on this machine" if provider.kind in ("ollama", "lmstudio") else f"at {provider.base_url}"
    return Model(
        id=f"{provider.id}/{model.id}",
        name=model.id,
        kind=model.kind,
        source="provider",
        provider_id=provider.id,
        licence="see the provider",
        size_bytes=None,
        parameters=None,
        context_tokens=model.context_tokens,
        status="failed" if provider.status == "error" else "installed",
        done_bytes=0,
        total_bytes=0,
        error=provider.error,
        is_in_use=is_in_use,
        is_loaded=False,
        fits_memory="yes",
        recommended=False,
        why=f"Runs {where}, through {provider.name} ({KIND_NAMES[provider.kind]}).",
        note="",
    )
