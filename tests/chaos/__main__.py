"""`make chaos-payments`: play the matrix and print what came of it; 1 when a promise is broken."""

import argparse
import sys

from tests.chaos.matrix import PROTOCOLS, cases, run, spread, table


def main() -> int:
    known = [each.name for each in PROTOCOLS]
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--protocol", action="append", choices=known, help="only these")
    args = parser.parse_args()
    chosen = [each for each in PROTOCOLS if each.name in (args.protocol or known)]
    counts = spread(chosen, args.cases)
    played = [case for each in chosen for case in cases(each, counts[each.name], args.seed)]
    verdicts = list(run(played))
    print("\n".join(table(verdicts)))
    wrong = [each for each in verdicts if each.wrong]
    for each in wrong:
        print(f"BROKEN: {each.case}: {', '.join(each.wrong)}; the journal says {each.state}")
    print(f"{len(verdicts)} cases, seed {args.seed}: {len(wrong)} broken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
