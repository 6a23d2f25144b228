"""What is said of the package besides its code: one version, and the papers of all rules."""

import re
from pathlib import Path

import yaml

import pepita_jax as pj

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_changelog_and_the_citation_are_of_this_version():
    headings = re.findall(r"^## (\d\S*) \((\S+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    newest, date = headings[0]
    assert newest == CITATION["version"] == pj.__version__
    assert date == str(CITATION["date-released"])


def test_the_papers_that_the_readme_names_are_cited():
    rows = re.findall(r"^\| \[`.*\| (.+) \|$", (ROOT / "README.md").read_text(), flags=re.M)
    names = re.compile(r"([^\W\d]\w+)(?:, [\w ]+)?(?: & [\w ]+| et al\.)? (\d{4})")
    sources = {(name, int(year)) for row in rows for name, year in names.findall(row)}
    papers = [(paper["authors"][0], paper["year"]) for paper in CITATION["references"]]
    assert sources == {(author["family-names"], year) for author, year in papers}
