"""Python in the REPL is CPython: the standard library can be imported, and code prints what it prints outside."""
# ruff: noqa: E501 - a snippet is a line

import json
import subprocess
import sys

import pytest

from tests.engine.sandbox.driving import Opener
from trajectories.engine.types import CallResult

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOT_HERE = {
    *("antigravity", "this", "idlelib", "test", "turtle", "turtledemo", "tkinter"),  # windows, jokes
    *("curses", "readline", "pydoc_data", "ensurepip", "venv", "lib2to3"),  # terminals, installing
    *("msilib", "msvcrt", "nt", "winreg", "winsound", "nis", "ossaudiodev", "spwd"),  # other systems
}
MODULES = sorted(name for name in sys.stdlib_module_names if not name.startswith("_") and name not in NOT_HERE)

SNIPPETS = {
    "generators": "def g():\n    x = yield 1\n    yield x * 2\ni = g(); print(next(i), i.send(21)); i.close(); print(list(i))",
    "yield from": "def a():\n    r = yield from b()\n    print('got', r)\ndef b():\n    yield 1\n    return 2\nprint(list(a()))",
    "comprehensions": "print([*map(str, range(3))], {n: n * n for n in range(3)}, {c for c in 'aab'} == {'a', 'b'})",
    "match": "match {'k': [1, 2]}:\n    case {'k': [a, *b]}: print(a, b)",
    "walrus": "print([y for x in range(5) if (y := x * x) > 3])",
    "classes": "class A:\n    def __init_subclass__(cls, **kw): print(kw)\nclass B(A, n=1): pass\nprint(B.__mro__[1] is A)",
    "descriptors": "class P:\n    @property\n    def v(self): return 7\nprint(P().v, P.v.fget.__name__)",
    "metaclasses": "class M(type):\n    def __call__(c, *a): return ('made', a)\nclass C(metaclass=M): pass\nprint(C(1))",
    "closures": "def outer():\n    n = 0\n    def inc():\n        nonlocal n; n += 1; return n\n    return inc\nf = outer(); f(); print(f())",
    "decorators": "import functools\n@functools.lru_cache\ndef fib(n): return n if n < 2 else fib(n-1) + fib(n-2)\nprint(fib(80))",
    "exceptions": "try:\n    raise ExceptionGroup('g', [ValueError(1)])\nexcept* ValueError as e: print(e.exceptions)",
    "context managers": "import contextlib\n@contextlib.contextmanager\ndef c():\n    yield 5\nwith c() as v, contextlib.suppress(KeyError): print(v); {}['x']",
    "async": "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.001 * (3 - n)); return n\nasync def main(): return await asyncio.gather(*map(f, range(3)))\nprint(asyncio.run(main()))",
    "task groups": "import asyncio\nasync def main():\n    async with asyncio.TaskGroup() as g: t = g.create_task(asyncio.sleep(0, 'x'))\n    return t.result()\nprint(asyncio.run(main()))",
    "async timeouts": "import asyncio\nasync def main():\n    try:\n        async with asyncio.timeout(0.01): await asyncio.sleep(5)\n    except TimeoutError: print('late')\nasyncio.run(main())",
    "async generators": "import asyncio\nasync def g():\n    for n in range(3): yield n\nasync def main(): print([n async for n in g()])\nasyncio.run(main())",
    "async queues": "import asyncio\nasync def main():\n    q = asyncio.Queue(1)\n    async def put():\n        for n in range(3): await q.put(n)\n    t = asyncio.create_task(put()); print([await q.get() for _ in range(3)]); await t\nasyncio.run(main())",
    "dataclasses": "import dataclasses as d\n@d.dataclass(order=True, slots=True)\nclass P:\n    x: int\n    y: list = d.field(default_factory=list)\nprint(P(1) < P(2), d.asdict(P(1, [2])), d.replace(P(3), x=4))",
    "named tuples": "from typing import NamedTuple\nclass P(NamedTuple):\n    a: int\n    b: str = 'z'\nprint(P(1), P(1)._replace(a=2))",
    "enums": "import enum\nclass C(enum.Flag):\n    A = enum.auto(); B = enum.auto()\nprint(C.A | C.B, list(C), C['A'].value)",
    "pickling": "import pickle\nclass T:\n    def __init__(self, v): self.v = v\n    def __eq__(self, o): return self.v == o.v\nprint(pickle.loads(pickle.dumps([T(1), {'a': (1, 2)}])) == [T(1), {'a': (1, 2)}])",
    "copying": "import copy\na = [[1], {'b': {2}}]; b = copy.deepcopy(a); b[0].append(9); print(a, b)",
    "sqlite": "import sqlite3\nc = sqlite3.connect(':memory:'); c.execute('create table t(a, b)')\nc.executemany('insert into t values (?, ?)', [(n, str(n)) for n in range(100)])\nprint(c.execute('select sum(a), max(b) from t where a % 2').fetchall())",
    "sqlite full text": "import sqlite3\nc = sqlite3.connect(':memory:'); c.execute('create virtual table t using fts5(w)')\nc.execute(\"insert into t values ('the quick fox')\"); print(c.execute(\"select * from t where t match 'quick'\").fetchall())",
    "sqlite functions": "import sqlite3\nc = sqlite3.connect(':memory:'); c.create_function('twice', 1, lambda x: x * 2)\nprint(c.execute('select twice(21)').fetchone())",
    "sorting large": "import random\nr = random.Random(3); x = [r.random() for _ in range(10_000)]; print(sorted(x)[:2], sum(sorted(x)) == sum(sorted(x, reverse=True)[::-1]))",
    "big numbers": "print(len(str(3 ** 4000)), pow(7, 10 ** 6, 10 ** 9 + 7), (10 ** 50).bit_length())",
    "decimals": "from decimal import *\ngetcontext().prec = 40; print(Decimal(2).sqrt(), Decimal('1.1') + Decimal('2.2'))",
    "fractions": "from fractions import Fraction as F\nprint(F(1, 3) + F(1, 6), F('0.125'), float(F(22, 7)))",
    "statistics": "import statistics as s\nprint(s.mean([1, 2, 4]), s.quantiles(range(10), n=4), s.stdev([1, 2, 3]), s.mode('aab'))",
    "regular expressions": "import re\nprint(re.sub(r'(?P<a>\\w)(\\d+)', r'\\2\\g<a>', 'x12 y3'), re.split(r'[,;]\\s*', 'a, b;c'), re.fullmatch('(?i)ABC', 'abc'))",
    "json": "import json\nprint(json.dumps({'b': [1.5, None, True], 'a': 'ü'}, sort_keys=True, indent=1, ensure_ascii=False), json.loads('[1e3]'))",
    "csv": "import csv, io\nprint(list(csv.DictReader(io.StringIO('a,b\\n1,\"x, y\"\\n'))))",
    "xml": "import xml.etree.ElementTree as E\nprint([e.text for e in E.fromstring('<a><b>1</b><b>2</b></a>').iter('b')])",
    "html": "from html.parser import HTMLParser\nclass P(HTMLParser):\n    def handle_data(self, d): print(repr(d))\nP().feed('<p>a &amp; b</p>')\nimport html; print(html.unescape('&eacute;'))",
    "toml and ini": "import tomllib, configparser\nprint(tomllib.loads('a = [1, 2]'))\nc = configparser.ConfigParser(); c.read_string('[s]\\nk=v'); print(c['s']['k'])",
    "dates": "import datetime as d\nprint(d.date(2024, 2, 28) + d.timedelta(2), d.datetime.strptime('3 Mar 2021', '%d %b %Y').isoformat(), d.date(2024, 1, 1).isocalendar())",
    "time zones": "from zoneinfo import ZoneInfo\nimport datetime as d\nprint(d.datetime(2024, 7, 1, 12, tzinfo=ZoneInfo('Europe/Berlin')).astimezone(ZoneInfo('America/New_York')).isoformat())",
    "calendars": "import calendar\nprint(calendar.month(2024, 2), calendar.isleap(2100))",
    "hashes": "import hashlib, hmac, zlib, binascii\nprint(hashlib.sha256(b'a').hexdigest()[:8], hashlib.md5(b'a').hexdigest()[:8], hmac.new(b'k', b'm', 'sha1').hexdigest()[:8], zlib.crc32(b'a'), binascii.crc32(b'b'))",
    "compression": "import zlib, gzip, bz2, lzma\nd = b'text ' * 1000\nprint([m.decompress(m.compress(d)) == d for m in (zlib, gzip, bz2, lzma)])",
    "zip files in memory": "import zipfile, io\nb = io.BytesIO()\nwith zipfile.ZipFile(b, 'w') as z: z.writestr('a.txt', 'hello')\nprint(zipfile.ZipFile(b).read('a.txt'))",
    "encodings": "print('grüße'.encode('latin-1'), b'\\xff\\xfea\\x00'.decode('utf-16'), 'é'.encode('cp437'), 'äöü'.encode('ascii', 'xmlcharrefreplace'), b'\\x82\\xa0'.decode('shift_jis'), 'x'.encode('utf-32-be'))",
    "unicode": "import unicodedata as u\nprint(u.normalize('NFD', 'é').encode(), u.name('€'), 'ß'.casefold(), 'İ'.lower().encode(), u.category('٣'), int('٣'))",
    "text wrapping": "import textwrap\nprint(textwrap.fill('the quick brown fox jumps over', 12), textwrap.dedent('  a\\n   b'), textwrap.shorten('a b c d e f', 7))",
    "differences": "import difflib\nprint('\\n'.join(difflib.unified_diff(['a', 'b'], ['a', 'c'], lineterm='')), round(difflib.SequenceMatcher(None, 'abcd', 'bcde').ratio(), 2))",
    "counting": "from collections import *\nprint(Counter('mississippi').most_common(2), ChainMap({'a': 1}, {'b': 2})['b'], OrderedDict(a=1), deque([1, 2, 3], 2), defaultdict(list, a=[1]))",
    "iterating": "import itertools as i\nprint(list(i.pairwise('abc')), list(i.combinations('abc', 2)), [list(g) for _, g in i.groupby('aab')], list(i.islice(i.count(3), 2)), list(i.accumulate([1, 2, 3])))",
    "heaps and bisecting": "import heapq, bisect\nh = [5, 1, 4]; heapq.heapify(h); print(heapq.heappop(h), heapq.nlargest(2, h), bisect.bisect([1, 3, 5], 3))",
    "graphs": "import graphlib\nprint(list(graphlib.TopologicalSorter({'b': {'a'}, 'c': {'b'}}).static_order()))",
    "typing": "import typing as t\ndef f(a: 'int', b: list[str] | None = None) -> t.Any: ...\nprint(t.get_type_hints(f))",
    "inspecting": "import inspect\ndef f(a, *, b=1): return a\nprint(inspect.signature(f), inspect.isgeneratorfunction(f))",
    "syntax trees": "import ast\nprint(ast.unparse(ast.parse('x=1+2')), ast.literal_eval('[1, {\"a\": (2,)}]'), eval('1+1'), ast.dump(ast.parse('1', mode='eval')))",
    "exec": "n = {}; exec('def f(): return 3', n); print(n['f'](), compile('1+1', 's', 'eval').co_code[:0])",
    "struct and arrays": "import struct, array\nprint(struct.pack('<Ihd', 1, 2, 3.5), array.array('i', [1, 2]).tobytes()[:4], memoryview(b'abc')[1:].tobytes())",
    "base64 and uuid": "import base64, uuid\nprint(base64.b64encode(b'hi'), base64.b32decode('NBUQ===='), uuid.uuid5(uuid.NAMESPACE_DNS, 'x'))",
    "urls": "from urllib.parse import *\nprint(urlparse('https://a.b/c?d=1#e').query, urlencode({'q': 'ü &'}), urljoin('http://a/b/', '../c'), unquote('%C3%BC'))",
    "mail": "import email\nm = email.message_from_string('Subject: =?utf-8?q?H=C3=A9?=\\n\\nbody'); print(m['subject'], m.get_payload(), email.header.decode_header(m['subject']))",
    "weak references": "import weakref, gc\nclass C: pass\nc = C(); w = weakref.ref(c); del c; gc.collect(); print(w())",
    "threads": "import threading\nl = threading.Lock(); n = [0]\ndef f():\n    for _ in range(1000):\n        with l: n[0] += 1\nt = [threading.Thread(target=f) for _ in range(4)]\n[x.start() for x in t]; [x.join() for x in t]; print(n)",
    "thread pools": "from concurrent.futures import *\nwith ThreadPoolExecutor(4) as p:\n    fs = [p.submit(pow, 2, n) for n in range(5)]\n    print(sorted(f.result() for f in as_completed(fs)), list(p.map(str, range(3))))",
    "queues and events": "import queue, threading\nq = queue.Queue(); e = threading.Event()\nt = threading.Thread(target=lambda: (q.put('x'), e.set())); t.start(); e.wait(); print(q.get()); t.join()",
    "threads in asyncio": "import asyncio\nasync def main(): return await asyncio.gather(*[asyncio.to_thread(pow, 2, n) for n in range(4)])\nprint(asyncio.run(main()))",
    "timers": "import threading\nr = []; t = threading.Timer(0.01, r.append, [1]); t.start(); t.join(); print(r)",
    "local storage": "import threading, contextvars\nv = contextvars.ContextVar('v', default=1); t = v.set(2); print(v.get()); v.reset(t); print(v.get())",
    "temporary buffers": "import io, tempfile\nb = io.BytesIO(b'abc'); b.seek(1); print(b.read()); f = tempfile.SpooledTemporaryFile(); f.write(b'x'); f.seek(0); print(f.read())",
    "paths as words": "from pathlib import PurePosixPath as P\nimport os.path, glob, fnmatch\nprint(P('/a/b.txt').suffix, os.path.join('a', 'b'), fnmatch.filter(['a.py', 'b.c'], '*.py'))",
    "redirected output": "import contextlib, io\nb = io.StringIO()\nwith contextlib.redirect_stdout(b): print('hidden')\nprint(repr(b.getvalue()))",
    "pretty printing": "import pprint, reprlib\npprint.pprint({'a': list(range(30)), 'b': {'c': 'd' * 50}}, width=60); print(reprlib.repr(list(range(100))))",
    "formatting": "print(f'{3.14159:.2f} {1234567:,} {\"x\":>5}|{\"y\":^5}| {255:#x} {0.5:%} {\"a\"!r}', '%05d %s' % (42, 'z'), '{0[1]} {k}'.format([1, 2], k=3), sep='\\n')",
    "templates and strings": "import string\nprint(string.Template('$a ${b}').substitute(a=1, b=2), string.capwords('a bc'), 'a-b'.translate(str.maketrans('ab', 'xy')), string.punctuation)",
    "logging": "import logging, io\ns = io.StringIO(); logging.basicConfig(stream=s, level=logging.INFO, format='%(levelname)s %(message)s'); logging.info('hi'); print(s.getvalue())",
    "warnings": "import warnings\nwith warnings.catch_warnings(record=True) as w:\n    warnings.simplefilter('always'); warnings.warn('careful'); print(w[0].message)",
    "unit tests": "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(1, 1)\nprint(unittest.TextTestRunner(stream=open.__class__ and __import__('io').StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful())",
    "mocks": "from unittest import mock\nm = mock.Mock(return_value=3); print(m(1), m.call_args)",
    "doctests": "import doctest\ndef f():\n    '''\n    >>> 1 + 1\n    2\n    '''\nprint(doctest.run_docstring_examples(f, {}))",
    "timing": "import time, timeit\na = time.perf_counter(); time.sleep(0.001); print(time.perf_counter() > a, timeit.timeit('1', number=10) >= 0, time.strftime('%Y', time.gmtime(0)))",
    "random numbers": "import random, secrets\nr = random.Random(5); print(r.choice('abc'), r.sample(range(9), 3), r.gauss(0, 1), len(secrets.token_hex(4)))",
    "operators": "import operator as o, functools as f\nprint(f.reduce(o.mul, range(1, 6)), sorted([(2, 'a'), (1, 'b')], key=o.itemgetter(0)), o.attrgetter('real')(3), f.partial(int, base=2)('101'))",
    "single dispatch": "import functools\n@functools.singledispatch\ndef f(x): return 'any'\n@f.register\ndef _(x: int): return 'int'\nprint(f(1), f('a'))",
    "abstract classes": "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\ntry: A()\nexcept TypeError as e: print('abstract' in str(e))",
    "recursion": "import sys\nsys.setrecursionlimit(5000)\ndef d(n): return 0 if n == 0 else 1 + d(n - 1)\nprint(d(4000))",
    "tracebacks": "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError as e: print(traceback.format_exception_only(e))",
    "networks as words": "import ipaddress, mimetypes\nprint(ipaddress.ip_network('10.0.0.0/30').num_addresses, mimetypes.guess_type('a.html'))",
    "shell words": "import shlex\nprint(shlex.split('a \"b c\" d'), shlex.quote('a b'))",
    "colours and codes": "import colorsys, quopri, stringprep\nprint(colorsys.rgb_to_hsv(1, 0, 0), quopri.encodestring('ü='.encode()))",
    "bytes and lines": "print(b'a\\nb'.splitlines(), bytes.fromhex('ff00'), bytearray(b'x') * 2, 'a\\x0bb\\u2028c'.splitlines(), b'%d' % 3)",
    "the main module": "import sys, __main__\nx_here = 3\nprint(__name__, __main__.x_here, sys.modules['__main__'] is __main__, __builtins__ is not None)",
}


async def test_the_standard_library_can_be_imported(opened: Opener) -> None:
    assert len(MODULES) > 190
    repl = await opened("text")
    code = f"""
import importlib, json
failed = {{}}
for name in {MODULES!r}:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = repr(error)
print(json.dumps(failed))
"""
    assert json.loads(await repl.out(code)) == {}


@pytest.fixture(scope="module")
def outside() -> dict[str, str]:
    """What each snippet prints in a fresh interpreter that nothing was taken from."""
    program = f"""
import json, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
def run(code):
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True,
                          env={{"PYTHONIOENCODING": "utf-8"}})
    return done.stdout if not done.returncode else done.stderr
with ThreadPoolExecutor(4) as pool:
    snippets = {SNIPPETS!r}
    print(json.dumps(dict(zip(snippets, pool.map(run, snippets.values())))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("snippet", SNIPPETS)
async def test_code_prints_what_it_prints_outside(opened: Opener, outside: dict[str, str], snippet: str) -> None:
    code = SNIPPETS[snippet]
    repl = await opened("text", threads="thread" in code)
    execution = await repl(code)
    assert execution.error is None, execution.error.traceback
    assert execution.stdout == outside[snippet] != ""


async def test_a_thread_pool_asks_models(opened: Opener) -> None:
    repl = await opened("text", threads=True, answer=lambda item: CallResult(value=item.prompt.text.upper()))
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    print(list(pool.map(lambda n: llm_call(f"q{n}"), range(20))))
"""
    assert await repl.out(code) == f"{[f'Q{n}' for n in range(20)]}\n"


async def test_asyncio_asks_models(opened: Opener) -> None:
    repl = await opened("text", threads=True, answer=lambda item: CallResult(value=item.prompt.text.upper()))
    code = """
import asyncio
async def main():
    return await asyncio.gather(*[asyncio.to_thread(llm_call, f"q{n}") for n in range(6)])
print(asyncio.run(main()))
"""
    assert await repl.out(code) == f"{[f'Q{n}' for n in range(6)]}\n"


async def test_results_of_models_can_be_pickled(opened: Opener) -> None:
    repl = await opened("text", answer=lambda item: CallResult(error_kind="timeout", error_message="late"))
    code = """
import pickle, copy
(failed,) = llm_batch(["x"])
hits = grep("e")
for thing in (failed, hits, context, context[1:3], hits[0], SHOW_VARS()):
    again = copy.deepcopy(thing)
print(pickle.loads(pickle.dumps([context[1:3], failed])), copy.deepcopy(hits)[0].start)
"""
    assert await repl.out(code) == "['ex', LLMError(kind='timeout', message='late')] 1\n"
