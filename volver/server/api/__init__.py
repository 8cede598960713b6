"""The API over HTTP: tokens with scopes, questions and typed answers, their description."""
