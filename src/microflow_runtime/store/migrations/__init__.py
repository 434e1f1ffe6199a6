"""The history of the tables, one file a step: `pre` adds and is applied at start, `post` removes and is asked for."""
