"""Tries the wheel as its users have it: `make package` runs this where nothing else is installed.

    python -I tests/try_wheel.py    # from any folder

The Python that it runs is the README's, as an index such as PyPI would show it.
"""

import re
import sys
from importlib.metadata import metadata
from pathlib import Path

import pepita_jax as pj

package, about = Path(pj.__file__).parent, metadata("pepita_jax")
page = about.json["description"]
assert package.is_relative_to(sys.prefix), f"{package} is not the wheel's"
assert (package / "py.typed").exists(), "type checkers would not see the types"
assert about["Version"] == pj.__version__
dead = re.findall(r"\]\((?!https?:).*?\)|(?:src|href)=\"(?!https?:).*?\"", page)
assert not dead, f"links that lead nowhere on an index's page: {dead}"
blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
assert blocks, "the page has no example"
names = {}
for block in blocks:
    exec(compile(block, "README.md", "exec"), names)
print(f"The wheel of pepita_jax {pj.__version__} runs the README's Python.")
