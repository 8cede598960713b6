"""What the pages of every room share: charts, formatting, parts, the page around a page."""
