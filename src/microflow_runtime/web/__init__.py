"""HTTP in, one use case, HTTP out: the only room that knows DoAction, the IAM2 paths and cookies.

Others use: the modules by name; each makes routes or middleware for `web.app`.
"""
