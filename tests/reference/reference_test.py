"""The reference against the product: every item of every row of every table, exactly.

    reference_test.py                   the named scenarios
    reference_test.py --seeds 1..200    a centre of its own for each of these seeds
    reference_test.py --only small,busy --seeds 5..20   these scenarios with each of these seeds
    reference_test.py --seeds 7..7 --differences 50

acdsim writes what two links carry to captures; twinlinkd and the reference read the same captures.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import runs
import scenarios
from rig import Failed, Processes
from stream import merge


def run(both, name, words, reports):
    verdict = runs.Verdict(name)
    folder = Path(tempfile.mkdtemp(prefix="twinlink-reference-"))
    began = time.monotonic()
    try:
        paths = runs.captures(folder, words)
        streams = merge(both.schema, paths.values())
        verdict.messages = sum(stream.last for stream in streams.values())
        tables = runs.reference_rows(streams, both.items, both.known)
        server = runs.compare_run(verdict, folder, paths, tables, len({acd for acd, _ in streams}))
        if reports:
            runs.compare_reports(verdict, server, tables)
    except (Failed, subprocess.CalledProcessError) as why:
        verdict.failure = str(why)
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    verdict.seconds = time.monotonic() - began
    return verdict


def begin(strict):
    global BOTH
    BOTH = runs.Both(strict)


def run_job(job):
    return run(BOTH, *job)


def jobs(only, seeds):
    """(name, what acdsim is asked for, whether reports are compared too) of every run."""
    if seeds is None:
        return [(name, f"--seed 1 {scenarios.NAMED[name]}", True) for name in only or scenarios.NAMED]
    first, last = (int(word) for word in seeds.split(".."))
    if only:
        return [
            (f"{name}, seed {seed}", f"--seed {seed} {scenarios.NAMED[name]}", False)
            for seed in range(first, last + 1)
            for name in only
        ]
    return [(f"seed {n}", f"--seed {n} {scenarios.of_seed(n)}", False) for n in range(first, last + 1)]


def tell(verdict, words, differences, quiet):
    if verdict.good() and quiet:
        return
    complaints = [verdict.failure] if verdict.failure else []
    complaints += [f"{len(verdict.wrong)} values differ"] if verdict.wrong else []
    complaints += [f"{len(verdict.broken)} laws do not hold"] if verdict.broken else []
    complaints += [f"{len(verdict.reports)} reported rows differ"] if verdict.reports else []
    end = f"FAILED: {', '.join(complaints)} ({words})" if complaints else "ok"
    rows = sum(verdict.rows.values())
    print(f"{verdict.name}: {verdict.messages} messages, {rows} rows ({verdict.seconds:.1f} s): {end}")
    for line in [*verdict.wrong, *verdict.broken, *verdict.reports][:differences]:
        print(f"    {line}")
    sys.stdout.flush()


def summary(verdicts, seconds):
    """How much was compared, by table."""
    messages = sum(v.messages for v in verdicts)
    failed = sum(not v.good() for v in verdicts)
    print(f"{len(verdicts)} runs, {messages:,} messages, {failed} failed ({seconds:.0f} s)")
    print(f"{'table':<10}{'rows':>14}{'values':>16}{'different':>12}")
    skipped = []
    for table in runs.REPORTS:
        rows = sum(v.rows.get(table, 0) for v in verdicts)
        values = sum(v.values.get(table, 0) for v in verdicts)
        wrong = sum(d.table == table for v in verdicts for d in v.wrong)
        print(f"{table:<10}{rows:>14,}{values:>16,}{wrong:>12,}")
        if not any(table in v.rows for v in verdicts):
            skipped.append(table)
    if skipped:
        print(f"SKIPPED, as the catalogue does not have them: {', '.join(skipped)}")
    broken = sum(len(v.broken) for v in verdicts)
    print(f"laws that do not hold in complete rows of the reference: {broken}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", help="FIRST..LAST")
    parser.add_argument("--only", help="named scenarios")
    parser.add_argument("--differences", type=int, default=10, help="how many to print of each run")
    parser.add_argument("--strict", action="store_true", help="imitate no known difference")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--quiet", action="store_true", help="name only the runs that fail")
    options = parser.parse_args()
    todo = jobs(options.only.split(",") if options.only else [], options.seeds)
    words = {name: asked for name, asked, _ in todo}
    began = time.monotonic()
    verdicts = []
    with ProcessPoolExecutor(options.processes, initializer=begin, initargs=(options.strict,)) as pool:
        for done in as_completed([pool.submit(run_job, job) for job in todo]):
            verdict = done.result()  # a process that died is an error, not a wait without end
            verdicts.append(verdict)
            tell(verdict, words[verdict.name], options.differences, options.quiet)
    summary(verdicts, time.monotonic() - began)
    sys.exit(0 if all(v.good() for v in verdicts) else 1)


if __name__ == "__main__":
    main()
