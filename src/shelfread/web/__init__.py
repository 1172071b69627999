"""Pages for people: files that ask the API for what they show. Stands on `api`; knows nothing below it."""
