"""What `make bench` runs: the services that are compared, the load, the app generator and the report."""
