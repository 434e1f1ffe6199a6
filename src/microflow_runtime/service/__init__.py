"""One function per use case: it takes a principal, checks the permission, audits, and calls down.

Others use: the modules by name (`service.iam2`, `service.users`, …); each is one subject, and HTTP is unknown here.
"""
