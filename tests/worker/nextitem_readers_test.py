"""Which hooks look at the item after the one that runs: only these need a real one."""

import functools

import pytest
from _pytest.runner import runtestprotocol
from fastest.nextitem_readers import is_read


def leaves_it_alone(item, nextitem):
    return item.name


def hands_it_to_pytest(item, nextitem):
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem, log=False)
    item.session._setupstate.teardown_exact(nextitem)


def asks_whether_it_is_there(item, nextitem):
    if nextitem is None:
        item.session.finish()


def reads_an_attribute(item, nextitem):
    return nextitem.module is item.module


def compares_it(item, nextitem):
    return item is nextitem


def keeps_it(item, nextitem):
    item.after = nextitem


def hands_it_to_its_own(item, nextitem):
    leaves_it_alone(item, nextitem)


def reads_it_inside(item, nextitem):
    def close():
        return nextitem is None

    return close


class Plugin:
    def leaves_it_alone(self, item, nextitem):
        yield

    def reads_it(self, item, nextitem):
        yield
        assert nextitem


@functools.wraps(reads_an_attribute)
def wrapped(*args):
    return reads_an_attribute(*args)


@pytest.mark.parametrize("hook", [leaves_it_alone, hands_it_to_pytest, Plugin().leaves_it_alone])
def test_a_hook_that_hands_the_next_item_on_at_most_does_not_read_it(hook):
    assert not is_read(hook)


READERS = [asks_whether_it_is_there, reads_an_attribute, compares_it, keeps_it, hands_it_to_its_own, reads_it_inside, Plugin().reads_it, wrapped]


@pytest.mark.parametrize("hook", READERS)
def test_a_hook_that_does_more_with_the_next_item_reads_it(hook):
    assert is_read(hook)


def test_of_a_hook_without_source_the_worst_is_assumed():
    names = {}
    exec("def hook(item, nextitem):\n    runtestprotocol(item, nextitem)\n", names)
    assert is_read(names["hook"])


def test_a_callable_without_code_reads_it():
    assert is_read(functools.partial(leaves_it_alone))
