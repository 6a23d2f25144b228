"""Files of the repository that are pages of the site, and links that lead to them."""

import os
import re
from pathlib import Path

from pepita_jax.rules import RULES

DOCS = Path(__file__).parent
ROOT = DOCS.parent

PAPERS = sorted(path.parts[-3] for path in ROOT.glob("experiments/papers/*/results/README.md"))
COPIES = {f"experiments/papers/{name}/results/README.md": f"papers/{name}.md" for name in PAPERS}
COPIES |= {"CONTRIBUTING.md": "contributing.md", "tests/README.md": "tests.md"}
COPIES |= {"CHANGELOG.md": "changelog.md"}
RULE_FILES = {f"{rule.__module__.replace('.', '/')}.py" for rule in RULES.values()}
PAGES = COPIES | {"README.md": "index.md"}
MADE = "% Made when the site is built: edit what it is made of."


def setup(app):
    app.connect("builder-inited", write_copies)
    app.connect("source-read", relink_page)


def write(page, text):
    """Writes a page if its text is new: Sphinx reads again what was written."""
    path, text = DOCS / page, f"{MADE}\n\n{text}"
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def write_copies(app):
    for file, page in COPIES.items():
        write(page, relinked((ROOT / file).read_text(), file, f"docs/{page}"))


def relink_page(app, docname, content):
    """Before Sphinx reads a page of `docs`; copies have their links already."""
    page = f"docs/{docname}.md"
    if not os.fspath(app.env.doc2path(docname)).endswith(".md"):
        return  # a notebook is JSON
    if docname == "index":
        app.env.note_dependency(str(ROOT / "README.md"))
        content[0] = relinked((ROOT / "README.md").read_text(), "README.md", page) + content[0]
    elif f"{docname}.md" not in COPIES.values():
        content[0] = relinked(content[0], page, page)
    # A number and its deviation stay on one line; code keeps its plain spaces.
    content[0] = re.sub(r"(?<=\d) ± (?=\d)", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}", content[0])


def relinked(text, file, page):
    """The text of `file` as it is on `page`: relative links lead to pages where there are some.

    Both paths are relative to the root of the repository.
    """

    def link(match):
        path, anchor = match.groups()
        target = os.path.normpath(os.path.join(os.path.dirname(file), path))
        if target in RULE_FILES:
            target, anchor = "docs/reference/rules.md", f"#{Path(target).stem}"
        target = f"docs/{PAGES[target]}" if target in PAGES else target
        return f"]({os.path.relpath(target, os.path.dirname(page))}{anchor or ''})"

    return re.sub(r"\]\((?![a-z]+:)([^)\s#]+)(#[^)\s]*)?\)", link, text)
