"""The upload page in Chromium: files and folders become one zip on the way."""

import base64

import pytest

from tests.cases.conftest import write_pair
from tests.cast import make_user

pytestmark = [
    pytest.mark.browser,
    # rows that migrations made, such as the coordinators group, come back each time
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

DROP = """
(files) => {
  const dropped = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    dropped.items.add(new File([bytes], name));
  }
  document.getElementById("drop-zone").dispatchEvent(
    new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true })
  );
}
"""
LOADED = """
() => [...document.querySelectorAll("table.arms img")].every(
  (image) => image.naturalWidth === 192
)
"""


def test_dropped_files_are_paired_shown_and_imported(
    page_of, live_server, tmp_path, settings
):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"
    write_pair(tmp_path, "Abe-1")
    (tmp_path / "truth.csv").write_text("case,grade\n")
    page = page_of(make_user("coordinator", coordinator=True))
    page.goto(f"{live_server}/cohorts/upload/")
    page.fill("#id_name", "Dropped")
    files = [
        ("日本 A.dcm", tmp_path / "Abe-1" / "A"),
        ("short", tmp_path / "Abe-1" / "B"),
        ("truth.csv", tmp_path / "truth.csv"),
    ]
    page.evaluate(
        DROP,
        [[name, base64.b64encode(path.read_bytes()).decode()] for name, path in files],
    )
    page.wait_for_selector("text=3 files chosen")
    page.click("text=Send")
    page.wait_for_selector("#pairs")
    pairs = page.inner_text("#pairs")
    assert "日本 A.dcm" in pairs
    assert "25.0 min" in pairs
    assert "truth.csv" in page.inner_text("#left-out")
    page.click("text=Import 1 case")
    page.wait_for_selector("table.arms")
    page.wait_for_function(LOADED)
    assert page.locator("table.arms img").count() == 2
    # R stands on the viewer's left of every image, L on the right
    for slice_ in page.query_selector_all("table.arms .slice"):
        right, left = (
            slice_.query_selector(f".side.{side}").bounding_box()
            for side in ("right", "left")
        )
        assert right["x"] < left["x"]
