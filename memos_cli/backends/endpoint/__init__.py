"""Programs behind a URL: how they are asked, and within which limits they answer."""
