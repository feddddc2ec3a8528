"""Static files under names with a hash of their content, ES modules included."""

from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage

_STATIC_IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1][:3]
_DYNAMIC_IMPORT = (r"""(?P<matched>await import\(["'](?P<url>[./].*?)["']\))""", 'await import("%(url)s")')
"""With its `await`: types in comments, `{import('./a.js').B}`, may go round in circles; names with hashes may not."""


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import` lines of modules too. A name that the manifest lacks falls back to the plain one."""

    manifest_strict = False
    max_post_process_passes = 20
    """A chain of modules that import one another takes a pass for each link."""
    patterns = (
        *(kind for kind in CompressedManifestStaticFilesStorage.patterns if kind[0] != "*.js"),
        # ours alone: looking for imports in a library's five megabytes of one line takes half a minute
        ("frontend/*.js", (*_STATIC_IMPORTS, _DYNAMIC_IMPORT)),
    )

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Only what pages ask for: the files under their hashed names."""
        hashed = set(self.hashed_files.values())
        yield from super().compress_files([path for path in paths if path in hashed])
