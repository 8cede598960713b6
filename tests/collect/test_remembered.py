"""What was said of a file once holds for the next file of that shape, and only for it."""

from pathlib import Path

import pytest

from tests.world import new_shop
from volver.collect import (
    ImportOptions,
    NoSuchMapping,
    forget_mapping,
    import_files,
    mappings,
    set_aside,
    try_import,
)
from volver.collect.reading.choices import choices_of
from volver.collect.reading.dates import AmbiguousDates
from volver.collect.reading.shapes import merged, shape_of

MARCH = "order,date,Customer,product,quantity,price\n1,03/04/2024,7,Taza,1,9.50\n2,05/04/2024,8,Vela,2,6.25\n"
APRIL = "ORDER,Date,Customer,Product,quantity,price\n3,03/05/2024,7,Taza,1,9.50\n4,05/05/2024,9,Vela,1,6.25\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_answer_holds_for_the_next_file_of_the_shape_and_is_told(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", timezone="Etc/UTC") as shop:
        march, april = written(tmp_path, "march.csv", MARCH), written(tmp_path, "april.csv", APRIL)
        with pytest.raises(AmbiguousDates):
            import_files(shop, [march])
        asked = try_import(shop, [march]).preview.asks
        first = choices_of(asked[0])[0]
        assert first.sets == {"day_first": True}
        import_files(shop, [march], ImportOptions(**first.sets))
        found = try_import(shop, [april])
        assert found.report is not None
        assert found.report.first_at == "2024-05-03T00:00:00+00:00"
        note = found.preview.files[0].notes[0]
        assert (note.text, note.params["file"]) == ("Read as you said for {file} on {day}.", "march.csv")
        assert import_files(shop, [april]).rows.added == 2


def test_an_answer_says_nothing_of_another_shape(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", timezone="Etc/UTC") as shop:
        import_files(shop, [written(tmp_path, "a.csv", MARCH)], ImportOptions(day_first=True))
        other = written(tmp_path, "b.csv", APRIL.replace("Customer", "Customer no"))
        assert [ask.code for ask in try_import(shop, [other]).preview.asks] == ["collect.ambiguous_dates"]


def test_what_is_said_now_counts_before_what_was_said_and_is_remembered_instead(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", timezone="Etc/UTC") as shop:
        import_files(shop, [written(tmp_path, "a.csv", MARCH)], ImportOptions(day_first=True))
        april = written(tmp_path, "b.csv", APRIL)
        report = import_files(shop, [april], ImportOptions(day_first=False, mapping={"product_name": ""}))
        assert report.first_at == "2024-03-05T00:00:00+00:00"
        (one,) = mappings(shop)
        assert one.said == {"as_": "orders", "day_first": False, "mapping": {"product_name": ""}}
        assert one.file == "b.csv"


def test_a_dry_run_remembers_nothing_and_neither_does_an_import_of_which_nothing_was_said(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        path = written(tmp_path, "a.csv", MARCH)
        try_import(shop, [path], ImportOptions(day_first=True))
        import_files(shop, [written(tmp_path, "b.csv", MARCH.replace("03/04/2024", "23/04/2024"))])
        assert mappings(shop) == ()


def test_two_files_of_one_import_can_each_be_told_apart(tmp_path: Path) -> None:
    """A column of one shape is corrected without a word on the other, which has a column of that name too."""
    with new_shop(tmp_path / "shop", timezone="Etc/UTC") as shop:
        orders = "Pedido;Fecha;Cliente;SKU;Cantidad;Precio;Otro\n1;2024-04-23;7;T-1;1;9,50;4,00\n"
        products = "SKU;Nombre;Precio;Otro\nT-1;Taza;9,50;4,00\n"
        paths = [written(tmp_path, "o.csv", orders), written(tmp_path, "p.csv", products)]
        shapes = {each.as_: each.shape for each in try_import(shop, paths).preview.files}
        options = ImportOptions(answers={shapes["orders"]: {"mapping": {"unit_price": "Otro"}}})
        found = try_import(shop, paths, options)
        assert {each.as_: each.mapping["unit_price"] for each in found.preview.files} == {
            "orders": "Otro",
            "products": "Precio",
        }
        assert import_files(shop, paths, options).net == "4.00"
        assert [(each.kind, each.said["mapping"]) for each in mappings(shop)] == [("orders", {"unit_price": "Otro"})]


def test_what_is_remembered_can_be_forgotten(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        import_files(shop, [written(tmp_path, "a.csv", MARCH)], ImportOptions(day_first=True))
        (one,) = mappings(shop)
        forget_mapping(shop, one.number)
        assert mappings(shop) == ()
        with pytest.raises(NoSuchMapping):
            forget_mapping(shop, one.number)
        assert try_import(shop, [written(tmp_path, "b.csv", APRIL)]).preview.asks


def test_a_refused_file_is_shown_with_its_columns_and_cells(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        path = written(tmp_path, "odd.csv", "uno,dos,tres\na,b,c\nd,e,f\n")
        found = try_import(shop, [path])
        assert [ask.code for ask in found.preview.asks] == ["collect.not_recognised"]
        (file,) = found.preview.files
        assert dict(file.samples) == {"uno": ("a", "d"), "dos": ("b", "e"), "tres": ("c", "f")}
        assert set_aside(shop).total == 0


def test_headings_are_one_shape_in_any_order_and_notation_and_none_without_names() -> None:
    assert shape_of(["Nº pedido", "Total (€)"]) == shape_of(["total €", "n pedido"])
    assert shape_of(["a", "b"]) != shape_of(["a", "c"])
    assert shape_of(["column_1", "column_2", "x"]) == ""


def test_a_column_is_of_one_field_when_mappings_meet() -> None:
    assert merged({"total": "A", "tax": "B"}, {"unit_price": "A"}) == {"tax": "B", "unit_price": "A"}
    assert merged({"total": "A"}, {"total": ""}) == {"total": ""}
