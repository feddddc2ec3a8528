"""PROVISIONAL (plain text only) so that others can run; the real front door replaces this file."""
import hashlib
import tempfile
from pathlib import Path
from django.conf import settings
from trajectories.documents import store
from trajectories.documents.store import open_text
from trajectories.models import Document

def add_text(owner, name, text):
    Path(settings.DATA_DIR, "work").mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=Path(settings.DATA_DIR, "work"), delete=False, encoding="utf-8") as f:
        f.write(text)
    m = store.measure(Path(f.name)); store.put_text(Path(f.name), m)
    return Document.objects.create(owner=owner, name=name, sha256=m.sha256, text_sha256=m.sha256, bytes=len(text.encode()), chars=m.chars, tokens=m.chars // 4, decoded_bytes=m.decoded_bytes, media_type="text/plain", status="ready")

def add_file(owner, name, path):
    return add_text(owner, name, Path(path).read_text("utf-8", "replace"))

def resume_extractions(): ...
def wait_ready(document, timeout=None): return document
def samples(): return []
