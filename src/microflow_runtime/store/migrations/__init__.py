"""The history of the tables, applied by `store.sql.migrate` at start. One file a step, in `versions`."""
