"""The editor of a policy: every part of it in one form. `policy_editor.js` fills it in and writes through the API."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trajectories import connections as kept_connections
from trajectories import engine, policies, prompt_profiles, registry, tools

ROLES = ("root", "worker", "judge", "summariser")
ROUTED = ("worker", "root")
LIMITS = (
    ("cost_usd", "Spend", "$"),
    ("tokens", "Tokens", ""),
    ("calls", "Calls", ""),
    ("seconds", "Time", "s"),
)

SCOPES = (("limits", "The whole run"), ("subtree_limits", "Each sub-RLM and all below it"))


@require_safe
@login_required
def policy(request: HttpRequest, name: str = "") -> HttpResponse:
    """`/settings/policies/NAME` edits an own one; a built-in one, or `?copy=NAME`, is the pattern of a new one."""
    choices = {choice["name"]: choice for choice in policies.named(request.user)}
    pattern = choices.get(name or request.GET.get("copy", "default"))
    if pattern is None:
        raise Http404("There is no such policy. It may have been deleted.")
    is_own = bool(name) and not pattern["built_in"]
    body = pattern["policy"] or engine.policy_json(policies.resolve(request.user, "default"))
    context = {
        "section": "policies",
        "name": name if is_own else "",
        "title": name if is_own else "New policy",
        "pattern": pattern["title"],
        "error": pattern["error"],
        "body": body,
        "roles": ROLES,
        "routed": ROUTED,
        "tiers": engine.TIERS,
        "limits": LIMITS,
        "scopes": SCOPES,
        "gates": engine.described_gates(),
        "rules": engine.STOPPING_RULES,
        "failures": engine.FAILURE_ACTIONS,
        "profiles": prompt_profiles.names_for(request.user),
        "tools": list(tools.tools().values()),
        "known_models": _known_models(request.user),
    }
    return render(request, "frontend/settings_policy.html", context)


def _known_models(owner: Any) -> list[str]:
    """What can be written as a model: those of the registry, and the offline ones."""
    known = kept_connections.connections_of(owner)
    names = {name for name in registry.specs_of(owner) if name.partition("/")[0] in known}
    return sorted(names | set(policies.OFFLINE_MODELS.values()))
