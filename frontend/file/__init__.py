"""A run as one file that opens without a server: its page, and the scripts and styles that go into it.

`page.py` is what `exporters/html.py` is handed: it makes the page around the data, from a `Recorded` alone, so that
what was blacked out there is nowhere in the file. `bundle.py` joins the modules of the run's own pages into one script.
"""

from frontend.file.page import FilePage

page = FilePage()

__all__ = ["FilePage", "page"]
