"""What is not read is said: columns of few words, columns of money, files of headings only; in text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.collect.reading_world import opened
from tests.world import new_shop
from volver.cli import main

HEAD = "order_id,date,customer_id,sku,quantity,price,Zahlstatus,Code,Cupón\n"


def orders(n: int = 12) -> str:
    rows = (
        f"{n},2025-03-{n:02},c{n},x{n % 3},1,10.00,{'bezahlt' if n % 4 else 'geplatzt'},{n:04}-{n},"
        f"{'2.50' if n % 2 else ''}"
        for n in range(1, n + 1)
    )
    return HEAD + "\n".join(rows) + "\n"


def said(folder: Path, content: str) -> list[str]:
    path = folder / "orders.csv"
    path.write_text(content, encoding="utf-8")
    return [str(note) for note in opened(folder, path, asking=True).files[0].notes]


def test_a_column_of_few_words_that_nobody_reads_is_shown_with_their_counts(tmp_path: Path) -> None:
    told = [each for each in said(tmp_path, orders()) if "is not read" in each]
    assert told == [
        "Zahlstatus is not read: bezahlt (9), geplatzt (3). If some of these are no sales, it is the status: "
        "`--map status=Zahlstatus`."
    ]


def test_a_file_that_has_a_status_is_not_asked_for_one(tmp_path: Path) -> None:
    content = orders().replace("Code", "status", 1)
    assert [each for each in said(tmp_path, content) if "Zahlstatus" in each] == [
        "Zahlstatus is not read: bezahlt (9), geplatzt (3)."
    ]


def test_words_that_hardly_repeat_are_no_state(tmp_path: Path) -> None:
    assert not [each for each in said(tmp_path, orders(5)) if "Zahlstatus" in each]


def test_a_file_of_headings_only_says_so(tmp_path: Path) -> None:
    assert "The file has headings and no rows." in said(tmp_path, HEAD)


def test_an_import_tells_as_json_what_it_tells_in_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(orders(), encoding="utf-8")
    new_shop(tmp_path / "shop").close()
    words = ["--shop", str(tmp_path / "shop"), "collect", "import", str(path), "--no-refresh"]
    main([*words, "--json"])
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert {each["file"] for each in notes} == {"orders.csv"}
    main(words)
    text = capsys.readouterr().out
    assert notes
    assert all(each["says"] in text for each in notes)
    assert any("Zahlstatus is not read" in each["says"] for each in notes)
