"""Migrations that remove. An operator runs them, by `microflow migrate --post`, when no older release runs any more."""
