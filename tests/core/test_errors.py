import inspect

from core import errors


def tree(kind: type[BaseException]) -> list[str]:
    """Return the names of a class and of its subclasses in the same file, in order of definition."""
    below = [sub for sub in kind.__subclasses__() if sub.__module__ == errors.__name__]
    return [kind.__name__, *(name for sub in below for name in tree(sub))]


def test_the_tree_drawn_in_the_docstring_is_the_tree_there_is() -> None:
    drawn = [word for word in (errors.__doc__ or "").replace("─", " ").split() if word in vars(errors)]
    assert drawn == tree(errors.HeadlongError)


def test_every_error_says_when_it_occurs() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert all(kind.__doc__ for kind in kinds)
