"""Amounts of money, in cents, and what is put on top of them or taken off."""

from decimal import ROUND_HALF_UP, Decimal

TAX = {"standard": Decimal("0.19"), "reduced": Decimal("0.07"), "none": Decimal("0")}


def parse(text):
    """The cents that a text such as ``12.50`` means."""
    amount = Decimal(text.strip())
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError(f"{text!r} has parts of a cent")
    return int(amount * 100)


def show(cents):
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def with_tax(cents, rate):
    return int((cents * (1 + TAX[rate])).quantize(Decimal(1), ROUND_HALF_UP))


def discounted(cents, percent):
    if not 0 <= percent <= 100:
        raise ValueError(f"a discount of {percent} % makes no sense")
    return int((Decimal(cents) * (100 - percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))
