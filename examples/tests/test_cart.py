import pytest
from shop.cart import Cart


@pytest.fixture
def cart(stock):
    return Cart(stock)


class TestAdding:
    def test_a_new_cart_is_empty(self, cart):
        assert len(cart) == 0

    @pytest.mark.parametrize("count", [1, 5, 10])
    def test_counts_what_was_added(self, cart, count):
        cart.add("apple", count)
        assert len(cart) == count

    @pytest.mark.parametrize("count", [0, -1])
    def test_refuses_less_than_one(self, cart, count):
        with pytest.raises(ValueError):
            cart.add("apple", count)

    def test_refuses_more_than_there_is(self, cart):
        cart.add("bread", 3)
        with pytest.raises(LookupError, match="bread"):
            cart.add("bread")

    def test_refuses_what_nobody_sells(self, cart):
        with pytest.raises(KeyError):
            cart.add("unicorn")


class TestPaying:
    @pytest.mark.parametrize("discount, expected", [(0, 703), (10, 633), (100, 0)])
    def test_total(self, cart, discount, expected):
        cart.add("apple", 2)
        cart.add("bread")
        assert cart.total(discount) == expected

    def test_receipt(self, cart, capsys):
        cart.add("cheese")
        cart.receipt()
        assert capsys.readouterr().out == "1 x cheese\ntotal 10.70\n"

    def test_buying_empties_cart_and_stock(self, cart, stock):
        cart.add("cheese")
        cart.buy()
        assert (len(cart), stock.count("cheese")) == (0, 0)
