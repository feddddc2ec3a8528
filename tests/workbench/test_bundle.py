"""Modules joined into one script do what they did as modules, or are refused."""

import shutil
import subprocess
from pathlib import Path

import pytest

from frontend.file.bundle import BundleError, bundle
from frontend.file.page import STATIC

MODULES = {
    "one.js": (
        "import { twice, Shape as Form } from './deep/two.js';\nimport {\n  three,\n} from './three.js';\n"
        "import './aside.js';\nconst say = text => console.log(text);\nsay(twice(three) + new Form().size);\n"
    ),
    "deep/two.js": (
        "import { three } from '../three.js'; // needed\n"
        "export function twice(number) { return 2 * number; }\n"
        "export class Shape { constructor() { this.size = three; } }\n"
    ),
    "three.js": (
        "// import('x') in a comment is none\nexport const three = 3;\n"
        "const say = 'own';\nexport async function* f() {}\n"
    ),
    "aside.js": "console.log('aside');\n",
}


def written(folder: Path, **changed: str) -> Path:
    for name, text in {**MODULES, **{key.replace("_", "."): value for key, value in changed.items()}}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_joined_modules_run_in_order_and_keep_their_names_apart(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = tmp_path / "joined.cjs"
    script.write_text(bundle(written(tmp_path), "one.js"))
    done = subprocess.run([node, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "aside\n9\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import { one } from './one.js';\n", "circle of imports"),
        ("export default 3;\n", "cannot be joined"),
        ("export let three = 3;\n", "cannot be joined"),
        ("export * from './aside.js';\n", "cannot be joined"),
        ("export const three = () => import('./aside.js');\n", "cannot be joined"),
        ("export const three = '</script>';\n", "cannot be joined"),
        ("export const three = '<!-- ';\n", "cannot be joined"),
        ("import { x } from '../../outside.js';\n", "lies outside"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        bundle(written(tmp_path, three_js=text), "one.js")


def test_the_script_of_the_file_has_all_it_needs() -> None:
    script = bundle(STATIC / "js", "file.js")
    assert "class Workbench" in script and "DecompressionStream" in script
    assert "</script" not in script.lower() and "<!--" not in script
