"""Books and comics: archives, EPUB and PDF in, series and books out."""
