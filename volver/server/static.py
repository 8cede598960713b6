"""Static files: open to everybody, kept for ever where they are asked for with their version."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class Static(StaticFiles):
    """Files of the console; nothing but looking is answered."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """A file; one that is asked for with its version may be kept for ever."""
        found = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        scope = args[2] if len(args) > 2 else kwargs.get("scope")
        versioned = isinstance(scope, dict) and b"v=" in scope.get("query_string", b"")
        found.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return found
