"""The page's script in a browser: sorting, the Pareto plot and the readout of curves, clicked on a real page.

`chromium --headless --dump-dom` runs the page with a second script that clicks, and writes what it reads into the page.
Skipped where there is no Chromium: `apt-get install chromium`.
"""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import pytest
from paper_runs import score, write_run

from ganart.reporting.page import render
from ganart.runs.read import Run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")

FIDS, RECALLS, SECONDS = (3.0, 10.0, 2.0, None), (0.2, 0.9, 0.1, 0.5), (10.0, 40.0, 20.0, 30.0)
CURVES = "images_seen,players/discriminator_loss\n" + "".join(f"{100 * i},{i / 10}\n" for i in range(1, 9))

CLICKS = """
const found = {};
function read(name, act) { try { found[name] = act(); } catch (error) { found[name] = String(error); } }
const heading = (words) =>
  [...document.querySelectorAll("th")].find((th) => th.querySelector(".sort") && th.textContent.includes(words));
const names = (th) => [...th.closest("table").tBodies[0].rows].map((row) => row.cells[0].textContent.trim());
for (const [name, words] of [["fid", "fid"], ["run", "run"]])
  read("sorted by " + name, () => {
    const th = heading(words), button = th.querySelector(".sort"), seen = [];
    for (let click = 0; click < 2; click++) { button.click(); seen.push([th.getAttribute("aria-sort"), names(th)]); }
    return seen;
  });
const figure = document.querySelector("#pareto");
const drawn = () => ({
  points: [...figure.querySelectorAll("circle")].map((c) => [c.textContent, c.classList.contains("best")]),
  corners: figure.querySelector(".front").getAttribute("points").trim().split(/\\s+/).length,
  across: figure.querySelector("[data-axis=across]").textContent,
});
read("pareto", drawn);
read("pareto chosen", () => {
  const select = figure.querySelector("select[name=across]");
  const wanted = [...select.options].find((option) => option.textContent.includes("recall"));
  select.value = wanted.value;
  select.dispatchEvent(new Event("change"));
  return drawn();
});
read("readout", () => {
  const plot = document.querySelector(".plot"), readout = plot.querySelector(".readout");
  const before = readout.hidden;
  plot.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  const first = readout.textContent;
  plot.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
  plot.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  return [before, first, readout.hidden];
});
const pre = document.createElement("pre");
pre.id = "found";
pre.textContent = JSON.stringify(found);
document.body.append(pre);
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the clicks came to."""
    folder = tmp_path_factory.mktemp("page")
    runs = []
    for i, (fid, recall, seconds) in enumerate(zip(FIDS, RECALLS, SECONDS, strict=True)):
        scores = {} if fid is None else {"fid": score(fid)}
        scores["recall"] = score(recall, lower=False)
        recipe = {"lr": i / 10}
        runs.append(
            write_run(
                folder / f"run{i}",
                recipe=recipe,
                overrides=[f"lr={i / 10}"],
                scores=scores,
                curves=CURVES,
                seconds_training=seconds,
            )
        )
    page = render([Run(run) for run in runs])
    # The page lets only its own script run; the clicks are let in by their hash, beside it.
    own = base64.b64encode(hashlib.sha256(CLICKS.encode()).digest()).decode()
    page, count = re.subn(r"script-src ('sha256-[^']+')", rf"script-src \1 'sha256-{own}'", page)
    assert count == 1
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"<script>{CLICKS}</script></body>"), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=2000", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    written = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert written, done.stderr[-2000:]
    return json.loads(html.unescape(written[1]))


def test_a_heading_sorts_by_number_up_and_then_down_and_what_is_not_known_is_last(found):
    assert found["sorted by fid"] == [
        ["ascending", ["run2", "run0", "run1", "run3"]],  # 2 < 3 < 10
        ["descending", ["run1", "run0", "run2", "run3"]],
    ]
    up = ["run0", "run1", "run2", "run3"]
    assert found["sorted by run"] == [["ascending", up], ["descending", up[::-1]]]


def test_the_front_is_drawn_anew_for_the_numbers_that_are_chosen(found):
    before, after = found["pareto"], found["pareto chosen"]
    assert before["across"] == "seconds of training ↓"
    assert [best for _, best in before["points"]] == [True, False, True]  # run1 is slower and worse than run2
    assert before["corners"] == 2
    assert after["across"].startswith("recall")
    assert [title for title, _ in after["points"]] == [
        "run0 · lr=0.0: 0.2, 3",
        "run1 · lr=0.1: 0.9, 10",
        "run2 · lr=0.2: 0.1, 2",
    ]
    assert [best for _, best in after["points"]] == [True, True, True]  # more recall for more distance
    assert after["corners"] == 3


def test_a_curve_is_read_off_with_the_arrow_keys(found):
    hidden_at_first, text, hidden_at_last = found["readout"]
    assert (hidden_at_first, hidden_at_last) == (True, True)
    assert text.startswith("100 images")
    assert "run2 · lr=0.20.1" in text  # its name, then its value at the first point
