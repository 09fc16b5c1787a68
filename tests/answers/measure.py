"""How the 200 questions over 20 made-up persons are answered: `python -m tests.answers.measure [OUT.jsonl] [NAME=VALUE …]`.

Each is asked as `memos chat -m` asks it, in a home that knows one person's memories; settings (`llm.model=smollm2`) say by
whom, and `layout=brief` that a model is trusted whatever its exam says, and in which layout it is asked. Printed are the
verdicts of `grading`, by the kind of question; every answer is written to OUT.jsonl.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import Draft, Source
from memos_cli.operation.exam import cards
from memos_cli.operation.parametric import active_adapter
from tests.answers.grading import ABSENT, CITED, RIGHT, VERDICTS, WRONG, Person, Question, grade, holds, persons


def draft(told: dict[str, Any]) -> Draft:
    """A memory of a made-up person, of the noon of its day."""
    day = told.get("date")
    source = Source(speaker=told["speaker"]) if told.get("speaker") else Source()
    return Draft(told["text"], occurred_at=f"{day}T12:00:00.000Z" if day else None, key=told.get("key"), source=source)


def answers(person: Person, settings: dict[str, str]) -> Iterator[tuple[Question, Any]]:
    """Each question of a person with what chat answers."""
    settings = dict(settings)
    layout = settings.pop("layout", None)
    with TemporaryDirectory() as home:
        folders = paths({"MEMOS_HOME": home})
        with MOS(home, settings=Settings({**os.environ, "MEMOS_HOME": home}, folders).given(settings)) as mos:
            if layout and (chosen_model := cards.subject(mos.settings, mos.paths)):
                cards.keep(cards.Card(*chosen_model, layout=layout, trusted=True, by="trust"), mos.paths)
            mos.add(drafts=[draft(told) for told in person.memories])
            mos.embed()
            with active_adapter.opened(mos) as chosen:
                for question in person.questions:
                    talk = mos.conversation(chosen.llm, chosen.attached, save=False)
                    yield question, talk.ask(question.text, literal=True)


def main(arguments: list[str]) -> int:
    """Measure, and print the table."""
    settings = dict(one.split("=", 1) for one in arguments if "=" in one)
    out = next((Path(one) for one in arguments if "=" not in one), None)
    counts: dict[str, Counter[str]] = {}
    lines = []
    for person in persons():
        for question, answered in answers(person, settings):
            verdict = grade(question, answered.answer, generated=answered.mode == "generated")
            tally = counts.setdefault(question.kind, Counter())
            tally[verdict] += 1
            holding = verdict == CITED and holds(answered.answer, question.answers)
            tally["holding"] += holding
            told = {"kind": question.kind, "verdict": verdict, "q": question.text, "a": answered.answer}
            more = {"right": question.answers, "mode": answered.mode, "notices": list(answered.notices)}
            lines.append({"person": person.name, **told, **more, "seconds": answered.seconds})
            if out:
                out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    sys.stdout.write(table(counts))
    return 0


def table(counts: dict[str, Counter[str]]) -> str:
    """The verdicts by the kind of question, and what the bars ask."""
    columns = (*VERDICTS, "holding")
    total: Counter[str] = sum(counts.values(), Counter())
    rows = [*sorted(counts.items()), ("all", total)]
    head = f"{'':<14}{'asked':>8}" + "".join(f"{name:>9}" for name in columns)
    body = [
        f"{kind:<14}{sum(row[v] for v in VERDICTS):>8}" + "".join(f"{row[name]:>9}" for name in columns) for kind, row in rows
    ]
    answerable = [row for kind, row in counts.items() if kind not in ABSENT]
    absent = [row for kind, row in counts.items() if kind in ABSENT]
    asked, void = (sum(row[v] for row in part for v in VERDICTS) for part in (answerable, absent))
    right = sum(row[RIGHT] for row in answerable) / max(1, asked)
    wrong = total[WRONG] / max(1, asked + void)
    kept = 1 - sum(row[WRONG] for row in absent) / max(1, void)
    said = f"right of the answerable {right:.1%}; wrong of all {wrong:.1%}; absent refused or cited {kept:.1%}"
    return "\n".join([head, *body, said]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
