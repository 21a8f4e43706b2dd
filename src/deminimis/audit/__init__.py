"""What lies between the mask and the page that somebody signs; it stands above the public functions."""
