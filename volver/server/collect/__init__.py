"""What happened arrives here over HTTP: write keys, no cookies, answers for scripts of other origins."""
