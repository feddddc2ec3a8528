"""The product's settings in a data folder of the tests' own, whatever the environment says."""

import os
import tempfile
from pathlib import Path

for name in [name for name in os.environ if name.startswith("RLM_") or name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")]:
    del os.environ[name]
os.environ["RLM_DATA_DIR"] = tempfile.mkdtemp(prefix="rlm-tests-")

from rlm_web.settings import *  # noqa: E402, F403
from rlm_web.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
(Path(DATA_DIR) / "static").mkdir(exist_ok=True)  # whitenoise warns of a missing folder, and warnings are errors
