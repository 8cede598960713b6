"""Files over the API: sent, looked at under answers, imported, and what was said of them remembered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.ui.world import empty
from volver.app import web
from volver.collect import waiting_uploads
from volver.server import create_token
from volver.store import Shop

ROOT = "/api/v1/collect"
ASKS = b"order,date,customer,product,quantity,price\n1,03/04/2024,7,Taza,2,9.50\n2,05/04/2024,8,Vela,1,6.25\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with empty(tmp_path / "shop") as made:
        yield made


def program(shop: Shop, *scopes: str) -> TestClient:
    secret = create_token(shop, "-".join(scopes), list(scopes)).secret
    return TestClient(web(shop), headers={"authorization": f"Bearer {secret}"})


def test_a_file_is_sent_looked_at_and_imported_by_its_id(shop: Shop) -> None:
    brings = program(shop, "bring")
    sent = brings.post(f"{ROOT}/files?name=marzo.csv", content=ASKS).json()
    assert sent["files"] == [{"name": "marzo.csv", "bytes": len(ASKS)}]
    here = f"{ROOT}/files/{sent['upload']}"
    asked = brings.post(f"{here}/preview").json()
    assert asked["report"] is None
    sets = asked["asks"][0]["choices"][0]["sets"]
    refused = brings.post(f"{here}/import").json()
    assert refused["code"] == "collect.ambiguous_dates"
    shape = asked["files"][0]["shape"]
    told = brings.post(f"{here}/preview", json={"answers": {shape: sets}}).json()
    assert told["report"]["first_at"].startswith("2024-04-03")
    done = brings.post(f"{here}/import", json=sets).json()
    assert done["ledger_net"] == "25.25"
    assert waiting_uploads(shop) == ()
    (one,) = brings.get(f"{ROOT}/mappings").json()["mappings"]
    assert (one["file"], one["said"]) == ("marzo.csv", {"as_": "orders", "day_first": True})
    assert brings.post(f"{ROOT}/mappings/{one['number']}/forget").json() == {"mappings": []}


def test_several_files_come_under_one_id_and_can_be_removed(shop: Shop) -> None:
    brings = program(shop, "bring")
    first = brings.post(f"{ROOT}/files?name=a.csv", content=ASKS).json()
    both = brings.post(f"{ROOT}/files?name=b.csv&upload={first['upload']}", content=ASKS).json()
    assert [each["name"] for each in both["files"]] == ["a.csv", "b.csv"]
    assert brings.post(f"{ROOT}/files/{first['upload']}/remove").status_code == 200
    assert brings.post(f"{ROOT}/files/{first['upload']}/preview").json()["code"] == "collect.no_such_upload"


def test_what_is_no_table_leaves_nothing_and_who_only_reads_sends_nothing(shop: Shop) -> None:
    refused = program(shop, "bring").post(f"{ROOT}/files?name=a.pdf", content=b"%PDF-1.4 and more").json()
    assert refused["code"] == "collect.no_table"
    assert program(shop, "read").post(f"{ROOT}/files", content=ASKS).status_code == 403
    assert waiting_uploads(shop) == ()
