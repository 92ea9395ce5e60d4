"""One frozen struct. The environment and the configuration file are read here and nowhere else."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from .kit.errors import ValidationFailed

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults are those of personal mode on one machine. Times in seconds, sizes in bytes.

    ``config.toml`` in the data folder may set any field; ``SOPHON_<FIELD>`` in the environment wins over it; the command line wins over both.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 8080
    port_is_fixed: bool = False  # True: fail when the port is taken, instead of taking the next free one
    open_browser: bool = True
    allowed_hosts: list[str] = []  # names besides loopback that requests may be addressed to, with port where it is not the default
    allowed_origins: list[str] = []  # other web origins that may call this server
    max_json_bytes: int = 1_000_000
    max_upload_bytes: int = 50_000_000
    header_timeout_s: float = 30.0
    body_timeout_s: float = 60.0
    fetch_models: bool = True  # download the embedding model and a small chat model at the first start
    discover_local_models: bool = True  # look for Ollama and LM Studio on this machine
    models_path: str | None = None  # a folder with model files that are taken before anything is downloaded
    model_hub: str = "https://huggingface.co"  # where models come from that no other source has; a mirror of it will do
    use_keyring: bool = True  # keep the master key of stored secrets in the system's keyring where there is one
    chat_model: str | None = None  # a model's id; None: the best that is installed
    llama_threads: int | None = None
    llama_spin: bool = False  # wait actively for the other threads: faster for tiny models on an idle machine, far slower on a busy one
    llama_idle_s: float = 900.0  # an unused embedded model is unloaded after this
    parse_timeout_s: float = 30.0
    parse_memory_bytes: int = 512 * 1024 * 1024
    rate_limits: bool = True
    log_level: str = "info"

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK


def default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("sophon-local", appauthor=False)


def load(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The settings in force: defaults, then ``config.toml``, then the environment, then what is ``given`` (None counts as not given)."""
    environment = os.environ if environment is None else environment
    given = {k: v for k, v in given.items() if v is not None}
    home = Path(given.pop("home", None) or environment.get("SOPHON_HOME") or default_home()).expanduser().absolute()
    values: dict[str, Any] = {}
    file = home / "config.toml"
    try:
        if file.is_file():
            values |= tomllib.loads(file.read_text("utf-8"))
        names = [field.name for field in msgspec.structs.fields(Settings)]
        for name in names:
            text = environment.get(f"SOPHON_{name.upper()}")
            if text is not None and name != "home":
                values[name] = [part.strip() for part in text.split(",") if part.strip()] if name.startswith("allowed_") else text
        return msgspec.convert({**values, **given, "home": home}, Settings, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ValidationFailed(f"The settings cannot be read ({file} or a SOPHON_ variable): {error}. Mend that setting and start again.") from None
