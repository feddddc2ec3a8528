"""What the reduced interpreter has of Python, in words for the model."""

MODULES = tuple(
    (
        "asyncio base64 bisect collections copy csv dataclasses datetime decimal functools hashlib itertools json math "
        "os.path pathlib random re sys time tomllib typing unicodedata"
    ).split()
)
DIALECT = (
    "The interpreter here is a reduced one, not all of Python. It has functions, closures, comprehensions, f-strings, "
    "try/except, `with`, regular expressions and simple classes. It has no class inheritance (so no exceptions of your "
    "own), no `del`, no `yield` (generator expressions give lists at once), no `super`, `property`, `classmethod` or "
    "`staticmethod`, no `str.maketrans`, no function as the replacement in `re.sub`. Only these modules can be "
    f"imported, each in part: {', '.join(MODULES)}. `LLMError` is another name of RuntimeError here: str(error) says "
    "what happened. Functions of the session cannot be called from inside map(), sorted(key=…) or __str__: "
    "write a loop."
)
