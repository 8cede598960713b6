"""Fits keep linear algebra to one thread, whatever the machine has, and give the others back."""

from threadpoolctl import threadpool_info, threadpool_limits

from volver.predict.numerics.threads import in_one_thread


def threads() -> dict[str, int]:
    return {
        each["filepath"]: each["num_threads"] for each in threadpool_info() if each["user_api"] in ("blas", "openmp")
    }


def test_linear_algebra_keeps_to_one_thread_and_gives_the_others_back() -> None:
    import sklearn.ensemble  # noqa: F401  (the libraries must be loaded to be looked at)

    with threadpool_limits(2):
        before = threads()
        inside = in_one_thread(threads)()
        assert len(inside) >= 2
        assert set(inside.values()) == {1}
        assert threads() == before
        assert set(before.values()) == {2}


def test_fits_and_levers_are_bounded() -> None:
    from volver import predict

    for each in (
        predict.fit,
        predict.check,
        predict.levers,
        predict.spend_ceiling,
        predict.benchmark,
        predict.republish,
    ):
        assert hasattr(each, "__wrapped__"), each.__name__
