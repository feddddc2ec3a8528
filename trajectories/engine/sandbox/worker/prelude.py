"""The first code that the reduced interpreter runs: what the REPL has there beside functions of the host.

It is code of the interpreter, not ours: no inheritance, no `len()` of own classes, no globals(). Whatever its functions
need is bound as defaults, because the model's code may give the built-in names to something else.
"""

OWN = ("Match", "LLMError", "grep", "print", "SHOW_VARS")
"""Names it makes for the model's code."""

PRELUDE = """
LLMError = RuntimeError


class Match:
    def __init__(self, document, start, end, line, text, shown):
        self.document = document
        self.start = start
        self.end = end
        self.line = line
        self.text = text
        self.shown = shown

    def group(self, number=0):
        if number:
            raise IndexError("matches of grep have no groups; use re.finditer(pattern, context) for them")
        return self.text

    def span(self):
        return (self.start, self.end)

    def __str__(self):
        return self.shown

    def __repr__(self):
        return self.shown


def grep(pattern, ignore_case=False, limit=100, around=0, document=None, _Match=Match):
    return [_Match(*hit) for hit in _rlm_grep(pattern, ignore_case, limit, around, document)]


def print(
    *values, sep=" ", end="\\n", file=None, flush=False,
    _print=print, _Match=Match, _list=list, _str=str, _isinstance=isinstance,
):
    shown = []
    for value in values:
        if _isinstance(value, _list) and value and _isinstance(value[0], _Match):
            value = "\\n".join([_str(match) for match in value])
        shown.append(value)
    _print(*shown, sep=sep, end=end)


def SHOW_VARS(made=None, _dict=dict):
    return _rlm_listing(_rlm_look(_dict() if made is None else made))


def _rlm_cut(
    value, left, depth, _isinstance=isinstance, _str=str, _bytes=bytes, _int=int, _float=float, _bool=bool,
    _list=list, _tuple=tuple, _dict=dict, _set=set, _frozenset=frozenset, _len=len, _max=max, _min=min, _repr=repr,
):
    left[0] -= 1
    if value is None or _isinstance(value, _bool) or _isinstance(value, _float):
        return value
    if left[0] < 0 or depth > 6:
        return "…"
    if _isinstance(value, (_str, _bytes)):
        allowed = _max(0, _min(_len(value), left[1]))
        left[1] -= allowed
        if allowed == _len(value):
            return value
        third = allowed // 3
        middle = _len(value) // 2
        return value[:third] + value[middle:middle + third] + value[_len(value) - third:]
    if _isinstance(value, _int):
        return value if -(1 << 4000) < value < (1 << 4000) else "a large number ending in " + _str(value % 10**40)
    if _isinstance(value, (_list, _tuple, _dict, _set, _frozenset)):
        items = value if _isinstance(value, (_list, _tuple)) else _list(
            value.items() if _isinstance(value, _dict) else value
        )
        if _len(items) > left[0]:
            half = _max(1, left[0] // 2)
            items = _list(items[:half]) + _list(items[_len(items) - half:])
        if _isinstance(value, _dict):
            return _dict([(_rlm_cut(key, left, depth + 1), _rlm_cut(one, left, depth + 1)) for key, one in items])
        cut = [_rlm_cut(item, left, depth + 1) for item in items]
        return cut if _isinstance(value, _list) else _tuple(cut) if _isinstance(value, _tuple) else _set(cut)
    shown = _repr(value)
    return value if " object at 0x" in shown else shown[:2000].split(" at 0x")[0]


def _rlm_look(
    made, _list=list, _len=len, _type=type, _Exception=Exception, _max=max,
):
    names = [name for name in _list(made) if name[0] != "_" and name not in _rlm_reserved]
    names = [name for name in names if _type(made[name]).__name__ != "module"]
    count = _len(names)
    nodes = 2500 if count <= 8 else 600 if count <= 32 else 150 if count <= 128 else 40
    looks = []
    for name in names[_max(0, count - 1000):]:
        value = made[name]
        try:
            size = _len(value)
        except _Exception:
            size = None
        try:
            copy = _rlm_cut(value, [nodes, 200 * nodes], 0)
        except _Exception:
            copy = "…"
        looks.append((name, _type(value).__name__, size, copy))
    return (count, looks)


def _rlm_pick(made, name):
    return (name in made, made.get(name))


def _rlm_restore(
    _context=context, _list=list, _isinstance=isinstance,
    _Match=Match, _LLMError=LLMError, _grep=grep, _print=print, _show=SHOW_VARS,
):
    global context, Match, LLMError, grep, print, SHOW_VARS
    context = _list(_context) if _isinstance(_context, _list) else _context
    Match, LLMError, grep, print, SHOW_VARS = _Match, _LLMError, _grep, _print, _show
"""
