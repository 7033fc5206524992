"""Linear algebra is held to one thread, also that of libraries that are loaded later, and let go after."""

from threadpoolctl import threadpool_info, threadpool_limits

from hypersigma.data import threads


def test_one_thread_is_held_and_let_go() -> None:
    with threadpool_limits(limits=2):
        before = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
        for _ in range(2):
            with threads.one_thread():
                assert {pool["num_threads"] for pool in threadpool_info()} == {1}
            assert {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()} == before


def test_libraries_are_looked_for_again_only_after_imports(monkeypatch) -> None:
    looked = []
    monkeypatch.setattr(threads, "ThreadpoolController", lambda: looked.append(1) or _Controller())
    threads._libraries.cache_clear()
    monkeypatch.setattr(threads.sys, "modules", {"one": None})
    threads.one_thread(), threads.one_thread()
    assert len(looked) == 1
    monkeypatch.setattr(threads.sys, "modules", {"one": None, "another": None})
    threads.one_thread()
    assert len(looked) == 2
    threads._libraries.cache_clear()


class _Controller:
    def limit(self, limits: int) -> None:
        assert limits == 1
