"""Who does the work of verbs that can spread it."""

from __future__ import annotations

from dataclasses import dataclass

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Workers:
    """Who does the work.

    Attributes:
        jobs: Processes; one for each core by default.
        scheduler: Address of a Dask scheduler to use instead of own processes.
    """

    jobs: int | None = None
    scheduler: str | None = None

    @property
    def num_jobs(self) -> int:
        """Number of processes."""
        import os

        from hypersigma.errors import ConfigError

        if self.jobs is not None and self.jobs < 1:
            raise ConfigError(f"--jobs {self.jobs}: expected at least one process")
        return self.jobs or os.cpu_count() or 1


LOCAL = Workers()
