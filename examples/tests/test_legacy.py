import unittest

from shop import prices


class Rounding(unittest.TestCase):
    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(prices.with_tax(50, "reduced"), 54)

    def test_each_amount_keeps_its_cents(self):
        for cents in range(0, 500, 7):
            with self.subTest(cents=cents):
                self.assertEqual(prices.parse(prices.show(cents)), cents)
