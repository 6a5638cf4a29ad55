"""A customer's cart."""

from collections import Counter

from . import prices


class Cart:
    def __init__(self, stock):
        self._stock = stock
        self._count = Counter()

    def add(self, name, count=1):
        if count < 1:
            raise ValueError("add at least one")
        if self._stock.count(name) < self._count[name] + count:
            raise LookupError(f"not enough of {name!r}")
        self._count[name] += count

    def __len__(self):
        return sum(self._count.values())

    def total(self, discount=0):
        sum_of_all = sum(prices.with_tax(self._stock.price(n), "standard") * c for n, c in self._count.items())
        return prices.discounted(sum_of_all, discount)

    def receipt(self):
        for name, count in sorted(self._count.items()):
            print(f"{count} x {name}")
        print(f"total {prices.show(self.total())}")

    def buy(self):
        for name, count in self._count.items():
            self._stock.take(name, count)
        self._count.clear()
