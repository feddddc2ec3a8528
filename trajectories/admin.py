"""The administrators' view: looks things up and removes them. It changes no record and shows no key."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from trajectories.models import ApiToken, Connection, Document, KnownModel, NamedPolicy, Run, Upload


class ReadOnly(admin.ModelAdmin):
    """Rows can be read and deleted, never written: the event log is the truth."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        hidden = self.exclude or ()
        return [field.name for field in self.opts.fields if field.name not in hidden]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Document)
class DocumentAdmin(ReadOnly):
    list_display = ("name", "owner", "status", "bytes", "chars", "created_at")
    list_filter = ("status", "media_type")
    search_fields = ("name", "id", "sha256")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a run may rest on it; its owner's own door knows


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ("name", "owner", "offset", "size", "created_at")


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ("question", "owner", "status", "ended_by", "calls", "cost_usd", "created_at")
    list_filter = ("status", "ended_by")
    search_fields = ("question", "id")
    exclude = ("documents",)


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = ("name", "owner", "provider", "base_url", "from_environment")
    exclude = ("encrypted_key",)


@admin.register(KnownModel)
class KnownModelAdmin(ReadOnly):
    list_display = ("name", "connection", "owner", "context_window", "updated_at")


@admin.register(NamedPolicy)
class NamedPolicyAdmin(ReadOnly):
    list_display = ("name", "owner", "updated_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "user", "created_at", "last_used_at")
    exclude = ("digest",)
