"""Migrations that only add. They run at start, before new code serves; older code goes on working beside them."""
