"""Run `redshank detect` over every capture and Zeek log of a folder, and print one line per file.

In: folders or files, and a bundle. Out: a Markdown table on standard output: what each file was judged to be, or why it
was refused, with time and peak memory of the whole process. Ends with 1 if any file made a traceback, ran out of time
or ended by a signal.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from peak import watched

LIMIT_S = 60
CAPTURES = (".pcap", ".pcapng", ".cap", ".gz", ".zst", ".snoop")


def main() -> int:
    """Sweep, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="folders or files")
    parser.add_argument("-m", "--model", type=Path, help="folder of the bundle; the default bundle if absent")
    chosen = parser.parse_args()
    files = sorted(file for path in chosen.paths for file in ([path] if path.is_file() else path.rglob("*")))
    sys.stdout.write("| file | verdict | flows | alarms | seconds | MiB |\n| --- | --- | --- | --- | --- | --- |\n")
    bad = 0
    for file in files:
        log = "conn.log" in file.name or "honeypot_all" in file.name or "Hakai" in file.name
        if file.is_file() and (log or file.suffix in CAPTURES):
            line, fine = _judge(file, chosen.model, log=log)
            bad += not fine
            sys.stdout.write(line)
            sys.stdout.flush()
    return 1 if bad else 0


def _judge(file: Path, model: Path | None, *, log: bool) -> tuple[str, bool]:
    command = [
        str(Path(sys.executable).parent / "redshank"),
        "detect",
        *(["--from", "zeek"] if log else ["-r"]),
        str(file),
        "--json",
    ]
    command += ["-m", str(model)] if model else []
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors)
        used = watched(process, LIMIT_S)
        code = process.returncode
        out.seek(0)
        errors.seek(0)
        said, complaint = out.read().decode(), errors.read().decode()
    fine = code in (0, 1, 2) and "Traceback" not in complaint
    flows = alarms = 0
    if code == 0:
        summary = json.loads(said)
        flows, alarms = summary["summary"]["flows"], summary["summary"]["alarms"]
        verdicts = ", ".join(f"{family} {count}" for family, count in summary["verdicts_by_family"].items())
    else:
        lines = complaint.strip().splitlines() or [f"ended with {code}"]
        verdicts = f"refused: {lines[-1].removeprefix('redshank: ')}"
    verdicts = verdicts.replace("|", "/").replace(str(file.parent) + "/", "")
    name = f"{file.parent.name}/{file.name}"
    return (
        f"| {name} | {verdicts or 'no flows'} | {flows} | {alarms} | {used.wall_s:.1f} | {used.peak_mib:.0f} |\n",
        fine,
    )


if __name__ == "__main__":
    sys.exit(main())
