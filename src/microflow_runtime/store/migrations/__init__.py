"""The history of the tables, applied by `store.migrate` at start. One file a step, in `versions`."""
