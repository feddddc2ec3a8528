"""numpy and pandas in the REPL, where they are installed (`pip install 'rlm-web[data]'`)."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine import prompts
from trajectories.engine.profile import load_profile
from trajectories.engine.sandbox import ProcessKind, ReplSandbox, SandboxHouse, stock
from trajectories.engine.types import ReplSettings

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = stock.installed()
needs_libraries = pytest.mark.skipif(len(HERE) < 2, reason="numpy and pandas are not installed (extra `data`)")


class House:
    def __init__(self, folders: dict[str, str]) -> None:
        self.kind = ProcessKind(folders=folders)
        self.house = SandboxHouse(made=self.kind)
        self._repls: list[Driven] = []

    async def repl(self, text: str = "a,b\n1,2\n3,4\n", **settings: bool) -> Driven:
        sandbox = await self.house.sandbox([document(text)], ReplSettings(**settings))
        assert isinstance(sandbox, ReplSandbox)
        self._repls.append(Driven(sandbox, echo))
        return self._repls[-1]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house() -> AsyncIterator[House]:
    made = House(HERE)
    await made.house.open()
    yield made
    await made.house.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bare() -> AsyncIterator[House]:
    """As where nothing is installed."""
    made = House({})
    await made.house.open()
    yield made
    await made.house.close()


USES = {
    "a table from text": (
        "import pandas as pd, io\nframe = pd.read_csv(io.StringIO(context))\nprint(frame.b.sum(), len(frame))",
        "6 2\n",
    ),
    "grouping": (
        "import pandas as pd\nf = pd.DataFrame({'k': list('aab'), 'v': [1, 2, 3]})\n"
        "print(f.groupby('k').v.agg(['sum', 'mean']).to_dict())",
        "{'sum': {'a': 3, 'b': 3}, 'mean': {'a': 1.5, 'b': 3.0}}\n",
    ),
    "printing": ("import pandas as pd\nprint(pd.DataFrame({'a': [1]}))", "   a\n0  1\n"),
    "time series": (
        "import pandas as pd\ndays = pd.date_range('2024-01-31', periods=4, freq='ME', tz='Europe/Oslo')\n"
        "s = pd.Series(range(4), days)\n"
        "print(s.resample('QE').sum().tolist(), s.rolling(2).mean().iloc[-1])",
        "[3, 3] 2.5\n",
    ),
    "merging and pivoting": (
        "import pandas as pd\nl = pd.DataFrame({'k': [1, 2], 'x': list('ab')})\n"
        "r = pd.DataFrame({'k': [2, 3], 'y': [7, 8]})\n"
        "print(l.merge(r, how='outer', on='k').pivot_table(index='k', values='y', aggfunc='sum').to_dict())",
        "{'y': {1: 0.0, 2: 7.0, 3: 8.0}}\n",
    ),
    "strings": (
        "import pandas as pd\nprint(pd.Series(['x1', 'y22']).str.extract(r'(\\d+)')[0].astype(int).tolist())",
        "[1, 22]\n",
    ),
    "JSON and markdown": (
        "import pandas as pd\nprint(pd.DataFrame({'a': [1]}).to_json(), pd.json_normalize({'a': {'b': 2}}).to_dict())",
        '{"a":{"0":1}} {\'a.b\': {0: 2}}\n',
    ),
    "linear algebra": (
        "import numpy as np\nx = np.linalg.solve([[2., 0.], [0., 4.]], [2., 8.])\n"
        "print(x.tolist(), np.linalg.svd(np.eye(3))[1])",
        "[1.0, 2.0] [1. 1. 1.]\n",
    ),
    "a large product": (
        "import numpy as np\na = np.ones((500, 500))\nprint((a @ a)[0, 0])",
        "500.0\n",
    ),
    "random numbers": (
        "import numpy as np\nprint(np.random.default_rng(1).integers(10, size=3).tolist(), np.random.seed(2))",
        "[4, 5, 7] None\n",
    ),
    "transforms": ("import numpy as np\nprint(abs(np.fft.fft([1, 1, 1, 1])).tolist())", "[4.0, 0.0, 0.0, 0.0]\n"),
    "polynomials": (
        "import numpy as np\nprint(np.polynomial.Polynomial([1, 2])(3), np.polyfit([0, 1], [1, 3], 1).round())",
        "7.0 [2. 1.]\n",
    ),
    "records": ("import numpy as np\nprint(np.array([(1, 'a')], dtype=[('n', int), ('s', 'U1')])['s'])", "['a']\n"),
}


@needs_libraries
@pytest.mark.parametrize("use", USES)
async def test_they_work_as_outside(house: House, use: str) -> None:
    code, out = USES[use]
    assert await (await house.repl()).out(code) == out


@needs_libraries
async def test_the_model_is_told_of_them(house: House) -> None:
    repl = await house.repl()
    numpy, pandas = repl.sandbox.libraries
    assert re.fullmatch(r"numpy \d+\.\d+\S*", numpy)
    said = prompts.system_message(load_profile("general"), 1, libraries=repl.sandbox.libraries)
    assert f"{numpy} and {pandas} can be imported too" in said
    error = await repl.error("import scipy")
    assert "Only Python's standard library, numpy, pandas can be imported here" in error
    assert "`import pandas as pd` first." in await repl.error("pd.DataFrame()")


@needs_libraries
async def test_nothing_else_that_is_installed_can_be_imported(house: House) -> None:
    repl = await house.repl()
    for name in ("pytest", "httpx", "trajectories", "django", "pip", "numpy.f2py.crackfortran_"):
        assert "ModuleNotFoundError" in await repl.error(f"import {name}")
    assert (await repl("import os\nprint(dict(os.environ))")).stdout == "{}\n"


@needs_libraries
async def test_the_server_is_ready_before_they_are_loaded() -> None:
    made = House(HERE)
    await made.house.open()
    loading = made.kind.nursery.stocks._making
    assert loading is not None
    assert not loading.done()
    assert len((await made.repl()).sandbox.libraries) == 2
    await made.house.close()


@needs_libraries
async def test_a_repl_has_little_memory_of_its_own_with_them(house: House) -> None:
    repl = await house.repl()
    assert repl.sandbox._child is not None
    told = Path(f"/proc/{repl.sandbox._child.pid}/smaps_rollup").read_text()
    assert int(re.findall(r"^Private_Dirty:\s+(\d+)", told, re.MULTILINE)[0]) < 5_000


@needs_libraries
async def test_when_their_process_dies_another_takes_its_place(house: House) -> None:
    forker = (await house.kind.nursery.stocks.stock()).forker
    signal.pidfd_send_signal(forker.handle or -1, signal.SIGKILL)
    repls = await asyncio.gather(*[house.repl() for _ in range(3)])
    for repl in repls:
        assert await repl.out("import numpy\nprint(numpy.sum([1, 2]))") == "3\n"


@needs_libraries
@pytest.mark.parametrize(
    ("make", "change"),
    [
        ("x = numpy.zeros(10)", "x[3] = 1"),
        ("x = numpy.zeros((2000, 2000))", "x[0, 0] = 1"),
        ("x = numpy.array(['a', None], dtype=object)", "x[0] = 'b'"),
        ("x = pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']})", "x.loc[0, 'a'] = 5"),
        ("x = pandas.DataFrame({'a': [1, 2]})", "x['c'] = 1"),
        ("x = pandas.Series([1, 2])", "x.iloc[1] = 7"),
    ],
)
async def test_changes_inside_tables_are_seen(house: House, make: str, change: str) -> None:
    repl = await house.repl()
    await repl.out(f"import numpy, pandas\n{make}")
    before = await repl("None")
    after = await repl(change)
    assert [one.changed for one in before.variables] == [False]
    assert [one.changed for one in after.variables] == [True]
    assert before.variables_hash != after.variables_hash


@needs_libraries
async def test_tables_are_previewed(house: House) -> None:
    repl = await house.repl()
    code = "import numpy as np, pandas as pd\na = np.arange(10**6)\nf = pd.DataFrame({'a': range(10**6)})\ns = f.a"
    listed = {one.name: one for one in (await repl(code)).variables}
    assert [(listed[name].type, listed[name].size) for name in "af"] == [("ndarray", 10**6), ("DataFrame", 10**6)]
    assert listed["a"].preview.startswith("array([     0,      1,      2, ..., 999997")
    assert listed["f"].preview.startswith("             a\n0")


async def test_without_them_there_is_no_process_for_them_and_no_word_of_them(bare: House) -> None:
    repl = await bare.repl()
    assert repl.sandbox.libraries == ()
    assert bare.kind.nursery.stocks._forker is None
    assert "Only Python's standard library can be imported here" in await repl.error("import pandas")
    assert "can be imported" not in prompts.system_message(load_profile("general"), 1)
    zygote = bare.kind.nursery.zygote.pid
    children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
    assert children == [str(repl.sandbox._child.pid)]  # type: ignore[union-attr]


@needs_libraries
async def test_a_repl_may_do_without_them(house: House) -> None:
    repl = await house.repl(libraries=False)
    assert "standard library" in await repl.error("import numpy")


async def test_a_broken_installation_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("raise SystemError('broken')")
    made = House({"numpy": str(tmp_path)})
    await made.house.open()
    repl = await made.repl()
    assert repl.sandbox.libraries == ()
    assert await repl.out("print(1)") == "1\n"
    await made.house.close()


async def test_a_library_that_kills_its_process_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("import os\nos.abort()")
    made = House({"numpy": str(tmp_path)})
    await made.house.open()
    repl = await made.repl()
    assert repl.sandbox.libraries == ()
    assert await repl.out("print(1)") == "1\n"
    await made.house.close()
