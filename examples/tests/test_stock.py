import sqlite3

import pytest
from shop.stock import Stock


def test_putting_more_adds_up(stock):
    stock.put("apple", 130, 5)
    assert (stock.price("apple"), stock.count("apple")) == (130, 15)


def test_cannot_take_more_than_there_is(stock):
    with pytest.raises(sqlite3.IntegrityError):
        stock.take("apple", 11)
    assert stock.count("apple") == 10


def test_names_are_sorted(stock):
    assert stock.names() == ["apple", "bread", "cheese"]


def test_survives_a_restart(tmp_path):
    first = Stock(tmp_path / "s.db")
    first.put("pear", 80, 2)
    first.close()
    assert Stock(tmp_path / "s.db").count("pear") == 2


@pytest.mark.slow
@pytest.mark.parametrize("size", [200, 400, 600, 800])
def test_many_goods(tmp_path, size):
    stock = Stock(tmp_path / "s.db")
    for number in range(size):
        stock.put(f"item {number:05}", number, 1)
    assert len(stock.names()) == size
