"""unittest's own ways, which a runner that imitates pytest tends to lose."""

from case import green, red

CASES = {
    "plain": red("import unittest\nclass Odd(unittest.TestCase):\n    def test_m(self):\n        self.assertEqual(1, 2)"),
    "intermediate base": red(
        {
            "base.py": "import unittest\nclass Base(unittest.TestCase):\n    value = 1\n    def test_value(self):\n        self.assertEqual(self.value, 1)\n",
            "test_a.py": "import base\nclass Mine(base.Base):\n    value = 2\n",
        }
    ),
    "subTest": red(
        """
        import unittest
        class T(unittest.TestCase):
            def test_many(self):
                for i in range(4):
                    with self.subTest(i=i):
                        self.assertNotEqual(i % 2, 1)
            def test_after(self): pass
        """,
        loose="text",  # pytest's own letters ("uu") end up in the captured output of the test.
    ),
    "subTest and the rest fails": red(
        """
        import unittest
        class T(unittest.TestCase):
            def test_many(self):
                with self.subTest("a"):
                    self.fail("in")
                self.fail("out")
        """,
        loose="text",
    ),
    "subTest skips": green(
        """
        import unittest
        class T(unittest.TestCase):
            def test_many(self):
                with self.subTest("a"):
                    self.skipTest("no")
        """
    ),
    "subtests fixture": red(
        """
        def test_many(subtests):
            for i in range(3):
                with subtests.test(msg="m", i=i):
                    print("sub", i)
                    assert i != 1
        """
    ),
    "setUpClass": red(
        """
        import unittest
        class T(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                raise RuntimeError("no class")
            def test_a(self): pass
            def test_b(self): pass
        """
    ),
    "tearDownClass": red(
        """
        import unittest
        class T(unittest.TestCase):
            @classmethod
            def tearDownClass(cls):
                raise RuntimeError("no end")
            def test_a(self): pass
            def test_b(self): pass
        """
    ),
    "setUpModule and tearDownModule": red(
        """
        import unittest
        state = []
        def setUpModule():
            state.append(1)
        def tearDownModule():
            raise RuntimeError("module")
        class T(unittest.TestCase):
            def test_a(self):
                assert state == [1]
        """
    ),
    "addCleanup": red(
        """
        import unittest
        class T(unittest.TestCase):
            def test_a(self):
                self.addCleanup(self.fail, "cleanup")
        """
    ),
    "addClassCleanup": red(
        """
        import unittest
        class T(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.addClassCleanup(lambda: 1 / 0)
            def test_a(self): pass
        """
    ),
    "expectedFailure": red(
        """
        import unittest
        class T(unittest.TestCase):
            @unittest.expectedFailure
            def test_fails(self):
                self.fail()
            @unittest.expectedFailure
            def test_passes(self): pass
        """
    ),
    "skips": green(
        """
        import unittest
        class T(unittest.TestCase):
            @unittest.skip("always")
            def test_a(self): self.fail()
            @unittest.skipIf(True, "if")
            def test_b(self): self.fail()
            def test_c(self): self.skipTest("inside")
            def test_d(self): raise unittest.SkipTest("raised")
        @unittest.skip("class")
        class U(unittest.TestCase):
            def test_a(self): self.fail()
        """
    ),
    "async": red(
        """
        import unittest
        class T(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.x = 1
            async def test_a(self):
                self.assertEqual(self.x, 2)
            async def test_b(self): pass
        """
    ),
    "load_tests and runTest are not pytest's": green(
        """
        import unittest
        class T(unittest.TestCase):
            def runTest(self): self.fail()
            def test_a(self): pass
        """
    ),
    "runTest alone": red("import unittest\nclass T(unittest.TestCase):\n    def runTest(self):\n        self.fail()"),
    "fixtures in a TestCase": red(
        """
        import unittest, pytest
        @pytest.fixture(scope="class")
        def db(request):
            request.cls.db = 5
        @pytest.mark.usefixtures("db")
        class T(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def here(self, tmp_path):
                self.here = tmp_path
            def test_a(self):
                assert self.db == 5 and self.here.exists()
            def test_b(self):
                self.assertEqual(self.db, 6)
        """
    ),
    "long diff": red(
        """
        import unittest
        class T(unittest.TestCase):
            maxDiff = None
            def test_a(self):
                self.assertEqual({"a": [1, 2, 3]}, {"a": [1, 2, 4]})
        """
    ),
    "mixin order": red(
        """
        import unittest
        class Mixin:
            def test_shared(self):
                self.assertTrue(self.ok)
        class A(Mixin, unittest.TestCase):
            ok = True
        class B(Mixin, unittest.TestCase):
            ok = False
        """
    ),
    "abstract base deleted": green(
        """
        import unittest
        class Base(unittest.TestCase):
            def test_a(self): self.assertTrue(self.ok)
        class Mine(Base):
            ok = True
        del Base
        """
    ),
}
