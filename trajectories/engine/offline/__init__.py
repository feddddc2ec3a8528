"""Answering without a language model: a planner that writes exploration code, and a worker that quotes.

Both are plain, deterministic code and say so in what they write. `lm/offline.py` offers them as models.
"""

LABEL = "Extractive answer, no language model."
"""Ends every answer that is given without one."""
