"""Static files under names with a hash of their content, ES modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import` lines of modules too. A name missing from the manifest falls back to the plain one (tests)."""

    support_js_module_import_aggregation = True
    manifest_strict = False
