import pytest
from shop.stock import Stock


@pytest.fixture(scope="session")
def goods():
    return {"apple": (120, 10), "bread": (350, 3), "cheese": (899, 1)}


@pytest.fixture
def stock(tmp_path, goods):
    stock = Stock(tmp_path / "stock.db")
    for name, (price, count) in goods.items():
        stock.put(name, price, count)
    yield stock
    stock.close()
