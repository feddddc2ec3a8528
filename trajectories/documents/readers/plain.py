"""Plain text, and everything that is written as plain text: Markdown, tables, data, source code, logs."""

import codecs
import io
from pathlib import Path

from .encodings import BLOCK, Encoding, find_encoding
from .output import Output

LABEL = "plain text (also Markdown, CSV, JSON and source code)"
_KINDS = {
    "text/markdown": "md markdown mdown rmd qmd",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv tab",
    "application/json": "json geojson ipynb webmanifest",
    "application/x-ndjson": "jsonl ndjson",
    "application/xml": "xml xsd xsl xslt rss atom svg opml plist",
    "application/yaml": "yaml yml",
    "application/toml": "toml",
    "application/sql": "sql",
    "application/x-tex": "tex bib sty cls",
    "text/javascript": "js mjs cjs jsx",
    "text/css": "css scss sass less",
    "text/x-python": "py pyi pyx",
    "text/x-c": "c h cc cpp cxx hpp hh hxx m mm",
    "text/x-java": "java kt kts scala groovy gradle",
    "text/x-rust": "rs",
    "text/x-go": "go",
    "text/x-shellscript": "sh bash zsh fish ps1 bat cmd",
    "text/x-source": "ts tsx vue svelte cs fs vb swift rb php pl pm lua r jl hs ml mli elm ex exs erl clj lisp el scm "
    "dart zig nim v vhd sv asm s f f90 for pas d cmake mk proto graphql tf hcl nix diff patch",
    "text/plain": "txt text log out rst adoc asciidoc org textile srt vtt ini cfg conf env properties po pot man me "
    "nfo lst",
}
MEDIA_TYPES = {f".{name}": kind for kind, names in _KINDS.items() for name in names.split()}


def read(source: Path, output: Output) -> None:
    """Decodes in pieces, so that a text of any size needs little memory."""
    encoding = find_encoding(source)
    if encoding.guessed:
        output.warn(f"It is not UTF-8 and was read as {encoding.name.replace('cp125', 'Windows-125')}.")
    if encoding.damaged:
        output.warn("Some of its bytes are not UTF-8 and were replaced by “\ufffd”.")
    decoder = io.IncrementalNewlineDecoder(_decoder(encoding), translate=True)
    with source.open("rb") as file:
        file.seek(encoding.mark)
        while block := file.read(BLOCK):
            output.write(decoder.decode(block))
    output.write(decoder.decode(b"", final=True))


def decoded(source: Path, declared: str = "") -> str:
    """A whole file as text, for formats that have to be read at once."""
    encoding = find_encoding(source, declared)
    return source.read_bytes()[encoding.mark :].decode(encoding.name, "replace")


def _decoder(encoding: Encoding) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding.name)("replace")
