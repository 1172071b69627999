"""What `sitecustomize` in here is, it says itself; nothing imports it but interpreters that a test starts."""
