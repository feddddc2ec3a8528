"""What is known of models: tiers, windows, prices, abilities, prompt profiles.

shipped      the file that comes with the product       keeping   rows of one owner: filled, written, read
importing    YAML and TOML from outside, checked
"""

from trajectories.registry.importing import WrongRegistry, read_registry, registry_toml
from trajectories.registry.keeping import (
    PRICE_KINDS,
    fill,
    fill_known_host,
    prices_of,
    put,
    refill_shipped,
    specs_of,
    tiers_of,
)
from trajectories.registry.shipped import Host, Shipped, host_of, shipped_of

__all__ = [
    "PRICE_KINDS",
    "Host",
    "Shipped",
    "WrongRegistry",
    "fill",
    "fill_known_host",
    "host_of",
    "prices_of",
    "put",
    "read_registry",
    "refill_shipped",
    "registry_toml",
    "shipped_of",
    "specs_of",
    "tiers_of",
]
