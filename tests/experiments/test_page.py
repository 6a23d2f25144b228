"""The page of runs: what it holds, and what a browser makes of it."""

import html
import html.parser
import io
import re
import shutil
import subprocess

import numpy as np
import pytest

from experiments.papers.pepita.runs import of_table_1
from experiments.reporting.page import breakable, draw_seeds, inline, make_page, read_markdown
from experiments.reporting.reports import Report, read_documents, read_reports
from pepita_jax.history import History
from pepita_jax.plots import save_figure
from tests.experiments.commands import command
from tests.experiments.papers.planted import plant

VOID = {"meta", "br", "img", "hr", "input", "link", "wbr"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def make_report(name, accuracy):
    """Two seeds and three epochs; `accuracy` is the last test accuracy of both."""
    curve = np.array([[0.1, 0.2, accuracy], [0.2, 0.3, accuracy]])
    names = ("test_accuracy", "train_accuracy", "train_loss", "learning_rate", "seconds")
    config = {
        "rule": {"name": "bp"}, "model": {"name": "mlp"}, "dataset": "digits", "num_seeds": 2
    }  # fmt: skip
    history, alignment = History(dict.fromkeys(names, curve), [0, 4]), History({}, [0, 4], 0)
    return Report(name, [0, 4], config, {"jax": "0.1"}, history, alignment, 1.0)


@pytest.fixture
def page():
    reports = [make_report("runs/a", 0.5), make_report("runs/<b>&", 0.07), make_report("c", 0.9)]
    reports.append(make_report("none", np.nan))
    text = io.StringIO()
    save_figure(draw_seeds(reports[0]), text)
    documents = [("A table", "Words.\n\n| x | y |\n|---|---|\n| 1 | 2 |", text.getvalue())]
    return make_page(reports, [], documents)


class Structure(html.parser.HTMLParser):
    """Checks that tags are nested, and gathers the text of table cells and the links."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.links, self.ids = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")
        for name, value in attributes:
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.cells[-1] += data.strip()


def test_the_page_holds_the_figures_and_needs_nothing_else(page):
    structure = Structure(page)
    for text in ("runs/a", "runs/<b>&", "50.00 ± 0.00", "7.00 ± 0.00", "4", "0.9000", "0.1"):
        assert text in structure.cells
    assert all(link.startswith("#") for link in structure.links)
    assert {link[1:] for link in structure.links} <= set(structure.ids)
    assert len(set(structure.ids)) == len(structure.ids)
    assert not re.search(r"url\((?!#)|@import|fetch\(", page)
    assert page.count("<svg") == 6  # the document's, a group's means, and each run's seeds


def test_what_all_runs_share_stands_above_the_table_and_the_difference_beside_the_accuracy():
    reports = [make_report("a", 0.5), make_report("b", 0.6)]
    reports[1].config["dataset"] = "mnist"
    page = make_page(reports, ["+0.00", "+10.00"], [])
    overview = page[page.index("<h2>All runs") : page.index("</table>", page.index("<h2>All runs"))]
    headings = re.findall('<button type="button">(.*?)</button>', overview)
    assert headings == [
        "run", "rule", "data", "seeds", "epochs", "test %", "difference, 95 % interval",
        "training %",
    ]  # fmt: skip
    assert "<strong>network</strong>: mlp" in overview
    assert Structure(overview.partition("<table")[2].partition("</thead>")[2]).cells[5:7] == [
        "50.00 ± 0.00", "+0.00"
    ]  # fmt: skip


def test_a_long_name_breaks_after_a_slash_and_an_underscore_alone():
    assert breakable("runs/my_rule<b>") == "runs/<wbr>my_<wbr>rule&lt;b&gt;"


def test_a_document_whose_figure_is_damaged_is_shown_without_it(capsys):
    page = make_page([make_report("runs/a", 0.5)], [], [("Table 1", "| a |\n|---|\n| b |", "")])
    assert "b" in Structure(page).cells
    assert "the figure 'Table 1' could not be made" in capsys.readouterr().err


def test_a_figure_that_cannot_be_drawn_is_left_out(monkeypatch, capsys):
    def fail(_):
        raise ValueError("no such colour")

    monkeypatch.setattr("experiments.reporting.page.draw_seeds", fail)
    page = make_page([make_report("runs/a", 0.5)], [], [])
    assert page.count("<svg") == page.count("<figure") == 1
    assert "50.00" in Structure(page).cells
    last = capsys.readouterr().err.splitlines()[-1]
    assert "accuracy of each seed" in last
    assert "no such colour" in last


def test_of_very_many_seeds_the_curves_have_no_legend():
    report = make_report("many", 0.5)
    curves = {name: np.tile(values, (50, 1)) for name, values in report.history.items()}
    curves = History(curves, range(len(curves["seconds"])))
    figure = draw_seeds(report._replace(seeds=list(range(100)), history=curves))
    assert figure.axes[0].get_legend() is None
    assert len(figure.axes[0].lines) == 100


def test_markdown_becomes_paragraphs_and_tables():
    text = "One\nline.\n\n| a | b |\n|---|---|\n| 1 |  |\n\nLast."
    assert read_markdown(text) == ["One line.", [["a", "b"], ["1", ""]], "Last."]
    assert read_markdown("") == []


def test_a_figure_s_file_becomes_an_element_without_size():
    file = '<?xml version="1.0"?>\n<!DOCTYPE svg "http://x">\n<svg height="9pt" viewBox="0 0 1 1" '
    file += 'width="9pt"><metadata>\nx</metadata><path height="3"/></svg>'
    found = str(inline(file, 'a "b"'))
    assert found.startswith('<svg viewBox="0 0 1 1" role="img" aria-label="a &#34;b&#34;">')
    assert found.endswith('<path height="3"/></svg>')
    assert inline(None, "") is None


def test_results_are_shown_like_runs(tmp_path):
    metrics = {n: [0.5, 0.6] for n in ("test_accuracy", "train_accuracy", "train_loss", "seconds")}
    metrics["learning_rate"] = [0.1, 0.1]
    run = of_table_1("pepita")
    plant(tmp_path, run, [[0.5, 0.6], [0.5, 0.6], [0.5, 0.6]], metrics=metrics)
    (tmp_path / "table1.md").write_text("| a |\n|---|\n| planted |\n")
    (report,) = read_reports(tmp_path, epoch=1, num_seeds=2)
    assert (report.name, report.seeds, report.seconds) == ("pepita_mlp_mnist", [0, 1], 0.5)
    assert report.summary["test_accuracy"]["mean"] == 0.5
    (document,) = read_documents(tmp_path)
    assert "planted" in document[1]
    out = tmp_path / "deep" / "report.html"
    done = command("report", tmp_path / "records" / f"{run.name}.json", tmp_path, f"--out={out}")
    assert done.returncode == 0, done.stderr
    assert "planted" in Structure(out.read_text()).cells


SORT = """<script>
  const table = document.querySelector("#overview table");
  const headings = [...table.tHead.rows[0].cells];
  const click = () => {
    headings.find(cell => cell.textContent === "test %").querySelector("button").click();
    return [...table.tBodies[0].rows].map(row => row.cells[0].textContent).join();
  };
  const fits = document.documentElement.scrollWidth <= innerWidth;
  const sorted = [click(), click()];
  scrollTo(0, document.documentElement.scrollHeight);
  const box = document.querySelector("nav").getBoundingClientRect();
  const stays = scrollY > 0 && box.top >= 0 && box.bottom <= innerHeight;
  const open = document.querySelector("nav > details").open;
  parent.postMessage([innerWidth, fits, ...sorted, stays, open].join(";"), "*");
</script>"""
TELEPHONE = """<!DOCTYPE html><title></title><script>
  addEventListener("message", message => { document.title += message.data + "|"; });
</script><iframe src="page.html" style="width: 390px; height: 800px; border: 0"></iframe>
<iframe src="page.html" style="width: 1200px; height: 800px; border: 0"></iframe>"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_on_all_screens_the_page_fits_its_tables_sort_and_its_contents_stay(page, tmp_path):
    (tmp_path / "page.html").write_text(page.replace("</body>", SORT + "</body>"))
    (tmp_path / "telephone.html").write_text(TELEPHONE)
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
         (tmp_path / "telephone.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    title = html.unescape(re.search("<title>(.*)</title>", done.stdout)[1])
    rising, falling = "runs/<b>&,runs/a,c", "c,runs/a,runs/<b>&"  # what diverged comes last
    wide, narrow = sorted(filter(None, title.split("|")))  # 1200 before 390
    assert narrow == f"390;true;{rising},none;{falling},none;true;false"
    assert wide == f"1200;true;{rising},none;{falling},none;true;true"
