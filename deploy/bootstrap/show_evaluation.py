#!/usr/bin/env python3
"""Prints an evaluation for people: accuracy, and the classes that are most often taken for another. usage: show_evaluation.py FILE.json"""

import json
import sys


def worst_pairs(names, confusion, count):
    """[(images, true class, predicted class)], most frequent first."""
    pairs = [(images, names[row], names[column]) for row, line in enumerate(confusion) for column, images in enumerate(line) if row != column and images]
    return sorted(pairs, key=lambda pair: -pair[0])[:count]


def main(path):
    with open(path, encoding="utf-8") as file:
        evaluation = json.load(file)
    scores = evaluation["per_class"]
    names = [score["name"] for score in scores]
    print(f"accuracy {evaluation['accuracy']:.3f}, top-5 {evaluation['top5']:.3f} on {evaluation['images']} images of {len(names)} classes")
    pairs = worst_pairs(names, evaluation["confusion"], 5)
    if pairs:
        print("Most often mistaken:")
    images_of = {score["name"]: score["images"] for score in scores}
    width = max((len(true) for _, true, _ in pairs), default=0)
    for images, true, predicted in pairs:
        print(f"  {true:<{width}}  taken for {predicted}: {images} of {images_of[true]}")


if __name__ == "__main__":
    main(sys.argv[1])
