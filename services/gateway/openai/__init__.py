"""OpenAI's Images API, for clients that know no other."""
