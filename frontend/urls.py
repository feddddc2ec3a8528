"""The addresses of the pages."""

from django.urls import path

from frontend import link_urls
from frontend.views import (
    account,
    compare,
    cost,
    coverage,
    documents,
    home,
    keeping,
    palette,
    policy_editor,
    run,
    runs,
    settings,
    trace,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("documents", documents.documents, name="documents"),
    path("documents/delete", keeping.delete_document, name="delete_document"),
    path("documents/restore", keeping.restore_documents, name="restore_documents"),
    path("documents/remove", keeping.remove_document, name="remove_document"),
    path("documents/<str:document_id>", documents.document, name="document"),
    path("runs", runs.runs, name="runs"),
    path("runs/new", home.run_new, name="run_new"),
    path("runs/delete", keeping.delete_runs, name="delete_runs"),
    path("runs/restore", keeping.restore_runs, name="restore_runs"),
    path("runs/remove", keeping.remove_runs, name="remove_runs"),
    path("runs/<str:run_id>", run.run, name="run"),
    path("runs/<str:run_id>/keep", keeping.keep, name="keep_run"),
    path("runs/<str:run_id>/trace", trace.trace, name="trace"),
    path("runs/<str:run_id>/cost", cost.cost, name="cost"),
    path("runs/<str:run_id>/coverage", coverage.coverage, name="coverage"),
    path("compare", compare.compare, name="compare"),
    path("palette", palette.palette, name="palette"),
    path("settings/", settings.index, name="settings"),
    path("settings/connections", settings.connections, name="settings_connections"),
    path("settings/prices", settings.prices, name="settings_prices"),
    path("settings/policies", settings.policies_page, name="settings_policies"),
    path("settings/policies/new", policy_editor.policy, name="settings_policy_new"),
    path("settings/policies/<slug:name>", policy_editor.policy, name="settings_policy"),
    path("settings/profiles", settings.profiles_page, name="settings_profiles"),
    path("settings/tokens", settings.tokens, name="settings_tokens"),
    path("settings/tokens/<int:token_id>/revoke", settings.revoke_token, name="revoke_token"),
    path("settings/about", settings.about, name="settings_about"),
    *link_urls.urlpatterns,
    path("sign-in", account.sign_in, name="sign_in"),
    path("sign-out", account.sign_out, name="sign_out"),
]
