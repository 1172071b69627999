"""Pages for people, rendered by the server. They ask the API, as their visitor."""
