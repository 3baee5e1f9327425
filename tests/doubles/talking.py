"""A scale that gives the answers of a list: what an exchange asked, and what came of it."""

from posedge.wire.scales.frames import Ask, Frame, Talk


def told(talk: Talk, *answers: Frame | None) -> tuple[list[Ask], Frame | None]:
    asked = [next(talk)]
    for answer in answers:
        try:
            asked.append(talk.send(answer))
        except StopIteration as end:
            return asked, end.value
    raise AssertionError(f"the exchange goes on: it asked {asked}")
