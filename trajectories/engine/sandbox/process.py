"""Kind `process`: a REPL in a forked child without files, network, environment or other processes."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from trajectories.engine.sandbox import handover, holding, isolation, stock
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.nursery import Nursery
from trajectories.engine.sandbox.repl import ReplSandbox
from trajectories.engine.types import Document, ReplSettings

_WORKING = ReplSettings().memory_bytes


class ProcessKind:
    """What `SandboxHouse` knows this kind by."""

    best = "full"
    probes = isolation.PROBES

    def __init__(
        self, *, namespaces: bool = True, holders_bytes: int | None = None, folders: dict[str, str] | None = None
    ) -> None:
        """`namespaces=False` does without them although they could be had: for tests of the lower level.
        `holders_bytes`: memory for held texts, if not what fits this machine. `folders`: where numpy and pandas are
        taken from, if not from where they are installed."""
        self.nursery = Nursery(namespaces=namespaces, holders_bytes=holders_bytes, folders=folders)

    def refusal(self) -> str | None:
        if sys.platform == "linux":
            return None
        return f"The REPL can be isolated on Linux only, not on {sys.platform}. {isolation.WAYS_OUT}"

    def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None = None,
    ) -> ReplSandbox:
        return ReplSandbox(
            self.nursery, documents, settings, context_is_list=context_is_list, minimum=minimum, held=held
        )

    def findings(self, layers: Mapping[str, Any]) -> list[str]:
        return isolation.findings_of(layers)

    def offers(self) -> list[str]:
        libraries = " and ".join(f"{name} {version(name)}" for name in stock.installed())
        text, held = handover.room() / 1e9, holding.room() / 1e9
        return [
            f"A REPL may have {text:.1f} GB of decoded text, and {_WORKING >> 20:,} MiB to work with.",
            f"Texts of {holding.HELD_FROM / 1e6:.0f} MB and more stay decoded for later runs, {held:.1f} GB in all.",
            f"Code can import {libraries}, beside Python's standard library."
            if libraries
            else "Code can import Python's standard library (pip install 'rlm-web[data]' adds numpy and pandas).",
        ]

    async def close(self) -> None:
        await self.nursery.close()
