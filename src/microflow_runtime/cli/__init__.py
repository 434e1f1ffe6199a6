"""The command line `microflow`: options in, one use case, text and an exit code out.

Others use: `cli.main.run`, the entry point; each group of commands is one module or folder.
"""
