"""Work for a core, so that more than one shows."""

import pytest


def primes_below(limit):
    sieve = bytearray([1]) * limit
    sieve[:2] = b"\0\0"
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return [number for number in range(limit) if sieve[number]]


@pytest.mark.slow
@pytest.mark.parametrize("limit, count", [(10**5, 9592), (10**6, 78498), (2 * 10**6, 148933), (3 * 10**6, 216816)])
def test_as_many_primes_as_known(limit, count):
    assert len(primes_below(limit)) == count


@pytest.mark.slow
@pytest.mark.parametrize("even", range(10000, 10200, 20))
def test_an_even_number_is_the_sum_of_two_primes(even):
    primes = set(primes_below(even))
    assert any(even - prime in primes for prime in primes)
