"""The built-in functions of the formula language, one module per family, each declared once with examples that run.

`table.BUILT_INS` lists them all; `dispatch` calls one when the types of its arguments are not known beforehand.
"""
