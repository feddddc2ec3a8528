"""Prompt profiles of owners: kept as TOML, checked before they are kept, numbered by their changes."""

from typing import Any

from trajectories import engine
from trajectories.models import PromptProfile


def profiles_of(owner: Any) -> dict[str, engine.Profile]:
    """By name, ready for the engine."""
    rows = PromptProfile.objects.visible_to(owner)
    return {row.name: engine.read_profile(row.body, row.name, row.version) for row in rows}


def names_for(owner: Any) -> list[str]:
    """All that may be chosen: `auto`, the shipped ones, the owner's own."""
    own = PromptProfile.objects.visible_to(owner).values_list("name", flat=True)
    return ["auto", *engine.profile_names(), *(name for name in own if name not in engine.profile_names())]


def listed(owner: Any) -> list[dict[str, Any]]:
    """[{name, version, title, own, text}] for people who choose or write one."""
    own = {row.name: row for row in PromptProfile.objects.visible_to(owner)}
    shipped = [engine.load_profile(name) for name in engine.profile_names() if name not in own]
    return [
        *(_told(profile, engine.shipped_profile_text(profile.name), own=False) for profile in shipped),
        *(
            _told(engine.read_profile(row.body, row.name, row.version), row.body, own=True)
            for row in sorted(own.values(), key=lambda row: row.name)
        ),
    ]


def _told(profile: engine.Profile, text: str, *, own: bool) -> dict[str, Any]:
    return {"name": profile.name, "version": profile.version, "title": profile.title, "own": own, "text": text}


def keep(owner: Any, name: str, text: str) -> PromptProfile:
    """Checks and keeps a profile under a name; a change counts its version up. Raises `engine.PolicyError`."""
    if name == "auto":
        raise engine.PolicyError("`auto` chooses a profile by the model; give yours another name.")
    engine.read_profile(text, name, 1)
    row = PromptProfile.objects.visible_to(owner).filter(name=name).first()
    if row is None:
        return PromptProfile.objects.create(owner=owner, name=name, body=text, version=_first_version(name))
    if row.body != text:
        row.version += 1
        row.body = text
        row.save()
    return row


def _first_version(name: str) -> int:
    """One that goes before a shipped profile of the same name is numbered after it."""
    return engine.load_profile(name).version + 1 if name in engine.profile_names() else 1
