"""The tables that hold the truth, and the queries on them, one module a noun."""
