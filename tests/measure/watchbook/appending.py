"""A process that appends visits to a book until it is done or killed.

Usage: appending.py PLACE KEYS NAME COUNT, where PLACE is a file of SQLite or a postgresql:// address.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from holdfast.measure.watchbook.book import make_book, open_book
from holdfast.measure.watchbook.tables import BookDatabase
from holdfast.records.watchbook import Reservation
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.catalogue.postgres import PostgresDatabase, name_schema
from holdfast.vault.catalogue.postgres_address import read_postgres_address
from holdfast.vault.log.keys import open_log_key
from tests.measure.watchbook.seen import make_monitor, make_visit


def connect(place: str) -> BookDatabase:
    if "://" in place:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return PostgresDatabase(read_postgres_address(place, environ), name_schema("watch"))
    return SqliteDatabase(Path(place))


def main(place: str, keys: str, name: str, count: int) -> None:
    database = connect(place)
    key = open_log_key(Path(keys), make_book(database))
    book = open_book(database, key, lambda: datetime.now(UTC))
    book.enrol(make_monitor(name))
    print("enrolled", flush=True)
    for number in range(count):
        reserved = book.reserve(name, Reservation(0, 0.01, 1), None)
        book.append_visit(name, make_visit(number), reserved)
    book.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
