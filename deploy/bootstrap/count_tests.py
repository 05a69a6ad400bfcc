#!/usr/bin/env python3
"""Adds up JUnit reports: prints what failed, what was skipped and why, and as its last line `N passed, N failed, N skipped`.

usage: count_tests.py FOLDER-WITH-XML
Exit status 1 when a test failed, or when none ran.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict


def skip_reason(case, skipped):
    """pytest says why in the message; ctest only that there was a pattern, and GoogleTest's reason stands in the output."""
    message = skipped.get("message") or "no reason given"
    if not message.startswith("SKIP_"):
        return message
    output = case.findtext("system-out") or ""
    said = re.search(r"Skipped\n(.*?)\n", output)
    return said.group(1).strip() if said else message


def outcome(case):
    """('passed'|'failed'|'skipped', reason) of a <testcase>."""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", skip_reason(case, skipped)
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    return "passed", ""


def main(folder):
    counts = Counter()
    failed = []
    skipped = defaultdict(list)
    for report in sorted(pathlib.Path(folder).glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            result, reason = outcome(case)
            counts[result] += 1
            name = f"{report.stem}: {case.get('name')}"
            if result == "failed":
                failed.append(name)
            elif result == "skipped":
                skipped[reason].append(name)
    for reason, names in sorted(skipped.items()):
        print(f"skipped {len(names)} ({names[0]}{', ...' if len(names) > 1 else ''}): {reason}")
    for name in failed:
        print(f"failed {name}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
