"""Writes tables that are maps: make_map.py labels.csv map.csv scores.csv large.csv. Python's standard library only.

The map has the paths of labels.csv, the two labels apart from each other; the large one has 100,000 points in 24 groups.
"""

import csv
import random
import sys


def main(labels, small, scores, large):
    chance = random.Random(11)
    with open(labels, newline="") as file:
        rows = list(csv.DictReader(file))
    with open(small, "w", newline="") as points, open(scores, "w", newline="") as numbers:
        map_of, score_of = csv.writer(points), csv.writer(numbers)
        map_of.writerow(["path", "file", "x", "y", "label", "cluster"])
        score_of.writerow(["path", "score"])
        folder = labels.rsplit("/", 1)[0]
        for row in rows:
            side = 1 if row["label"] == "upright" else -1
            x, y = chance.gauss(3 * side, 1), chance.gauss(side, 2)
            map_of.writerow([row["path"], f"{folder}/{row['path']}", x, y, row["label"], int(x > 0)])
            score_of.writerow([row["path"], x + y / 10])
    groups = [(chance.uniform(-40, 40), chance.uniform(-40, 40), chance.uniform(1, 6)) for _ in range(24)]
    with open(large, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "x", "y", "cluster"])
        for number in range(100_000):
            group = number % len(groups)
            x, y, size = groups[group]
            table.writerow([f"n{number:06}", f"{chance.gauss(x, size):.4f}", f"{chance.gauss(y, size):.4f}", group])


if __name__ == "__main__":
    main(*sys.argv[1:])
