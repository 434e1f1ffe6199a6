"""The migrations, one file a step, named by number and by what they do."""
