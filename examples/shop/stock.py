"""What the shop has, in an SQLite file."""

import sqlite3


class Stock:
    def __init__(self, path):
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("create table if not exists stock (name text primary key, price int, count int check (count >= 0))")

    def put(self, name, price, count):
        with self._db:
            self._db.execute(
                "insert into stock values (?, ?, ?) on conflict (name) do update set price = excluded.price, count = count + excluded.count",
                (name, price, count),
            )

    def take(self, name, count):
        with self._db:
            self._db.execute("update stock set count = count - ? where name = ?", (count, name))

    def price(self, name):
        return self._one("price", name)

    def count(self, name):
        return self._one("count", name)

    def names(self):
        return [row[0] for row in self._db.execute("select name from stock order by name")]

    def close(self):
        self._db.close()

    def _one(self, column, name):
        row = self._db.execute(f"select {column} from stock where name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return row[0]
