"""What a run did, in sentences made from its record: the same record always gives the same words. No model is asked.

    Step 2 searched 3 documents and asked gpt-5-mini 350 questions; 4 failed.        0:07 · 11.4 s · $0.007

`traced.py` is what of a record is looked at, `rows.py` reads it from the database; `steps.py` makes the sentences of
the steps, `turns.py` those of what happened between and after them; `telling.py` puts them in order.
"""

from frontend.story.rows import traced_of
from frontend.story.shown import shown
from frontend.story.telling import Story, tell, with_time
from frontend.story.words import Part, Sentence

__all__ = ["Part", "Sentence", "Story", "shown", "tell", "traced_of", "with_time"]
