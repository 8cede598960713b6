"""Reading what an address or a form asks for."""


def count_of(text: str, usual: int, most: int) -> int:
    """A whole number up to `most`, which also stands for any larger one; `usual` where it is none.

    >>> count_of("3", 1, 100), count_of("9" * 5000, 1, 100), count_of("-1", 1, 100)
    (3, 100, 1)
    """
    if not (text.isascii() and text.isdecimal()):
        return usual
    digits = text.lstrip("0") or "0"
    return min(int(digits), most) if len(digits) <= len(str(most)) else most
