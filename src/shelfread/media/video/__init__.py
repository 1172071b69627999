"""Video: films, series and what belongs to them."""
