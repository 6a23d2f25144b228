"""What a compiled training program would move and take, counted from its text.

A program has a loop over steps. If the seeds take turns, it is inside a loop over seeds. Counted
are the operations outside of fusions, each with all of its operands and results that lie in the
device's main memory. Cycles are the TPU compiler's own estimate. Neither figure is a time.
"""

import re
from typing import NamedTuple

SIZES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "u16": 2, "s32": 4, "u32": 4, "f32": 4}
COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective", "reduce-scatter")
MOVES_NOTHING = {
    "parameter", "tuple", "get-tuple-element", "bitcast", "constant", "while", "conditional",
    "copy-done", "slice-done", "fusion-done", "call",
}  # fmt: skip
COMPUTATION = re.compile(r"\n(?=(?:ENTRY )?%?[\w.\-]+ \([^\n]*\) -> [^\n]*\{)")
OPERATION = re.compile(r"\s+(?:ROOT )?%?([\w.\-]+) = (\(.*?\)|\S+) ([\w\-]+)\((.*)")
ARRAY = re.compile(r"(\w+)\[([\d,]*)\](?:\{([^}]*)\})?")


class Cost(NamedTuple):
    """What some part of a program costs.

    Attributes:
        cycles: the compiler's estimate; zero if it makes none, as for GPUs.
        traffic: bytes that are read and written.
    """

    cycles: float = 0.0
    traffic: float = 0.0

    def plus(self, other, times=1):
        return Cost(*(a + times * b for a, b in zip(self, other, strict=True)))


def read_costs(program, num_turns, table=()):
    """The `Cost` of a step, and of the rest of a call.

    Args:
        program: text of the compiled `train_steps`.
        num_turns: number of iterations of the loop over seeds; 1 if there is none. Seeds that are
            left over after whole chunks have their own loop over steps, after this loop.
        table: shape of the training set's images. It is not counted as an operand: a gather reads
            only the rows that it returns.
    """
    computations = {}
    for text in COMPUTATION.split(program):
        name = text.split(" (")[0].removeprefix("ENTRY ").strip().lstrip("%")
        computations["ENTRY" if text.startswith("ENTRY") else name] = text
    loops = ["steps"] if num_turns == 1 else [num_turns, "steps"]
    return _walk(computations, "ENTRY", loops, ",".join(map(str, table)))


def collectives(program):
    """The operations by which devices wait for one another, of a compiled program's text."""
    return sorted(name for name in COLLECTIVES if re.search(rf" {name}[\w\-]*\(", program))


def _walk(computations, name, loops, table):
    step, once, sizes = Cost(), Cost(), {}
    for line in computations[name].split("\n"):
        if not (match := OPERATION.match(line)):
            continue
        result, arrays, operation, rest = match.groups()
        sizes[result] = _in_memory(arrays, table)
        if operation == "while":
            body = re.search(r"body=%?([\w.\-]+)", rest).group(1)
            count, *inner = loops or [1]
            its_step, its_once = _walk(computations, body, inner, table)
            if name == "ENTRY":
                loops = ["steps"]
            if count == "steps":
                step = step.plus(its_step).plus(its_once)
            else:
                step, once = step.plus(its_step, count), once.plus(its_once, count)
        once = once.plus(_operation_cost(operation, sizes, result, rest))
    return step, once


def _operation_cost(operation, sizes, result, rest):
    cycles = re.search(r'"estimated_cycles":"(\d+)"', rest)
    cost = Cost(cycles=float(cycles.group(1)) if cycles else 0.0)
    if operation in MOVES_NOTHING:
        return cost
    read = sum(sizes.get(name, 0) for name in re.findall(r"%([\w.\-]+)", rest.split("), ")[0]))
    if operation.endswith("-start"):  # its result names both ends of one move
        return cost._replace(traffic=float(max(read, sizes[result] - read)))
    return cost._replace(traffic=float(read + sizes[result]))


def _in_memory(arrays, table):
    """Bytes of the arrays that lie in main memory, without the training set."""
    total = 0
    for kind, shape, layout in ARRAY.findall(arrays):
        if "S(" in layout or (table and shape == table):
            continue
        count = SIZES.get(kind, 0)
        for length in filter(None, shape.split(",")):
            count *= int(length)
        total += count
    return total
