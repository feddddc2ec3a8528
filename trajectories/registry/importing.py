"""A registry of models as a file: YAML or TOML in, TOML out. What comes in is hostile and checked field by field.

[[models]]
model = "openai/gpt-5"          # connection/model
tier = "A"                      # A the strongest … D
context_window = 400000         # tokens
profile = "general"
images = true
prices = { input = "1.25", cache_read = "0.125", output = "10" }    # US dollars per million tokens
"""

import json
import tomllib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from trajectories import engine
from trajectories.models import KnownModel
from trajectories.registry.keeping import PRICE_KINDS, TIERS

LARGEST = 1 << 20
MOST_MODELS = 5_000
MOST_DOLLARS = Decimal(1_000_000)
FIELDS = ("model", "tier", "context_window", "profile", "images", "prices")


class WrongRegistry(ValueError):
    """The file cannot be taken. `str(error)` is one sentence that says where and what to change."""


def read_registry(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(connection, model, columns of `KnownModel`) for each entry. Raises `WrongRegistry`."""
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise WrongRegistry(f"The file is larger than {LARGEST:,} bytes; split it.")
    loaded = _loaded(text)
    entries = loaded.get("models") if isinstance(loaded, dict) else loaded
    if isinstance(entries, dict):
        entries = [{"model": name, **facts} for name, facts in entries.items() if isinstance(facts, dict)]
    if not isinstance(entries, list) or not entries:
        raise WrongRegistry("The file has no list `models`. Each entry needs `model`, such as openai/gpt-5.")
    if len(entries) > MOST_MODELS:
        raise WrongRegistry(f"The file has {len(entries):,} models; {MOST_MODELS:,} are the most.")
    return [_entry(number, entry) for number, entry in enumerate(entries, start=1)]


def registry_toml(rows: Iterable[KnownModel]) -> str:
    """The same as a file that `read_registry` takes."""
    parts = []
    for row in rows:
        facts = {
            "model": f"{row.connection}/{row.name}",
            "tier": row.tier or None,
            "context_window": row.context_window,
            "profile": row.profile or None,
            "images": row.takes_images,
        }
        lines = [f"{name} = {_toml(value)}" for name, value in facts.items() if value is not None]
        if row.prices:
            prices = ", ".join(f"{kind} = {_toml(row.prices[kind])}" for kind in PRICE_KINDS if row.prices.get(kind))
            lines.append(f"prices = {{ {prices} }}")
        parts.append("\n".join(["[[models]]", *lines]))
    return "\n\n".join(parts) + "\n"


def _toml(value: Any) -> str:
    """JSON's texts, numbers and truth values are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def _loaded(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        toml_error = str(error)
    try:
        if "&" in text and "*" in text:
            _refuse_anchors(text)
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, WrongRegistry):
            raise
        said = " ".join(str(error).split())[:160]
        raise WrongRegistry(f"The file is neither TOML ({toml_error[:120]}) nor YAML ({said}).") from None


def _refuse_anchors(text: str) -> None:
    """Anchors can blow a few lines up into gigabytes; a list of models needs none."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise WrongRegistry("The YAML uses anchors (& and *); write the values out.")


def _entry(number: int, entry: Any) -> tuple[str, str, dict[str, Any]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
        raise WrongRegistry(f"Entry {number} has no `model`, such as openai/gpt-5.")
    try:
        connection, model = engine.split_model(entry["model"])
    except engine.PolicyError as error:
        raise WrongRegistry(f"Entry {number}: {error}") from None
    for name in entry:
        if name not in FIELDS:
            raise WrongRegistry(f"Entry {number} has an unknown field {str(name)[:40]!r}. Use: {', '.join(FIELDS)}.")
    columns = {name: _CHECKS[name](number, entry[name]) for name in entry if name not in ("model", "images")}
    if "images" in entry:
        columns["takes_images"] = _truth(number, entry["images"])
    if len(connection) > 40 or len(model) > 200:
        raise WrongRegistry(f"Entry {number}: the name is too long.")
    return connection, model, columns


def _tier(number: int, value: Any) -> str:
    if value not in tuple(TIERS):
        raise WrongRegistry(f"Entry {number}: the tier must be A, B, C or D.")
    return str(value)


def _window(number: int, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10**9:
        raise WrongRegistry(f"Entry {number}: `context_window` must be a number of tokens.")
    return value


def _name(number: int, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 60:
        raise WrongRegistry(f"Entry {number}: `profile` must be the name of a prompt profile.")
    return value


def _truth(number: int, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongRegistry(f"Entry {number}: `images` must be true or false.")
    return value


def _prices(number: int, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not {"input", "output"} <= value.keys() <= set(PRICE_KINDS):
        raise WrongRegistry(f"Entry {number}: `prices` needs input and output, and may have cache_read, cache_write.")
    return {kind: _amount(number, kind, amount) for kind, amount in value.items()}


def _amount(number: int, kind: str, value: Any) -> str:
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value)[:40])
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS:
        raise WrongRegistry(f"Entry {number}: `prices.{kind}` must be US dollars per million tokens, such as 0.25.")
    return format(amount, "f")


_CHECKS = {"tier": _tier, "context_window": _window, "profile": _name, "prices": _prices}
