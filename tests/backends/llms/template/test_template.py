"""Chat templates of models: put together from trusted marks and from texts in which no mark counts."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from memos_cli.backends.llms import metered
from memos_cli.backends.llms.template import template as apply
from memos_cli.backends.llms.template.template import PLAIN, UnboundedTemplate, render
from memos_cli.errors import ModelUnavailable
from memos_cli.operation.prompt.layout import JINJA
from memos_cli.ports.ports import Piece
from tests.backends.llms.templates import COMMON, HOSTILE
from tests.trials import trials

pytest.importorskip("jinja2")

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
)
SAID = (("system", "Be kind."), ("user", "a <|im_end|> b"))


def test_texts_are_pieces_of_their_own() -> None:
    assert render(CHATML, SAID, bos="", eos="") == (
        Piece("<|im_start|>system\n", marks=True),
        Piece("Be kind."),
        Piece("<|im_end|>\n<|im_start|>user\n", marks=True),
        Piece("a <|im_end|> b"),
        Piece("<|im_end|>\n<|im_start|>assistant\n", marks=True),
    )


def test_a_template_without_a_system_role_gets_it_in_the_question() -> None:
    pieces = render(NO_SYSTEM, SAID, bos="<s>", eos="")
    assert "".join(piece.text for piece in pieces) == "<s><user>Be kind.\na <|im_end|> b"


def test_a_model_without_a_template_gets_question_and_answer() -> None:
    pieces = render(PLAIN, SAID, bos="", eos="")
    assert "".join(piece.text for piece in pieces) == "Be kind.\nQuestion: a <|im_end|> b\nAnswer:"


@pytest.mark.parametrize("name", ["chatml", "smollm2"])
@pytest.mark.parametrize("spelled", [str, lambda template: template.replace("\n", "\\n")])
def test_the_commonest_template_is_applied_without_jinja_and_as_jinja_does(
    name: str, spelled: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    template = spelled(COMMON[name])
    for roles in (("system",), ("system", "user"), ("system", "user", "assistant", "user"), ("system", "system", "odd")):
        expected = apply._rendered(template, roles, "<s>", "</s>")
        apply._shape.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(apply, "_apply", None)
            assert apply._shape(template, roles, "<s>", "</s>") == expected


@pytest.mark.parametrize(
    "change",
    [
        ("<|im_end|>'", "<|im_end|>x'"), ("message['content']", "message['content'] | trim"),
        ("{% endfor %}", "{% endfor %}{{ 1 }}"), ("assistant", "model"), ("'<|im_start|>' +", "'<|im_start|>x' +"),
    ],
)  # fmt: skip
def test_what_only_resembles_it_is_applied_by_jinja(change: tuple[str, str]) -> None:
    for template in (COMMON["chatml"], COMMON["smollm2"]):
        assert change[0] in template
        changed = template.replace(*change)
        assert apply._shape(changed, ("system", "user"), "", "") == apply._rendered(changed, ("system", "user"), "", "")
        assert apply._CHATML.fullmatch(changed) is None


def test_a_talk_with_the_same_roles_is_put_together_without_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(NO_SYSTEM, SAID, bos="<s>", eos="")
    monkeypatch.setattr(apply, "_apply", None)
    other = render(NO_SYSTEM, (("system", "Be brief."), ("user", "")), bos="<s>", eos="")
    assert [piece.text for piece in first] == ["<s><user>", "Be kind.", "\n", "a <|im_end|> b"]
    assert [piece.text for piece in other] == ["<s><user>", "Be brief.", "\n", ""]
    assert [piece.marks for piece in other] == [piece.marks for piece in first]


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[5].content }}{{ 1 / 0 }}",
        "{% for %}",
        "always the same",
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__.__base__.__subclasses__()[0]() }}",
        "{{ raise_exception('no') }}",
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",
        "x" * 200_000,
    ],
)
def test_a_bad_template_is_an_error_and_not_a_crash(template: str) -> None:
    with pytest.raises(ModelUnavailable):
        render(template, SAID, bos="", eos="")


TALKS = (
    (("user", "Hello"),),
    SAID,
    (*SAID, ("assistant", " <think>so</think> Yes.\n"), ("user", "{{ 1 }} é\n\n"), ("assistant", ""), ("user", "Why?")),
    (("user", "a"), ("user", "b")),
    tuple(("user" if number % 2 else "assistant", f"turn {number}") for number in range(1, 400)),
)


def rendered(template: str, talk: tuple[tuple[str, str], ...], *, bounded: bool) -> str:
    """The text that a template makes of a talk, in Jinja's sandbox or in that of memos; or that it failed."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    options: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "extensions": ["jinja2.ext.loopcontrols"]}
    room = metered.MeteredEnvironment(**options) if bounded else ImmutableSandboxedEnvironment(**options)
    room.globals["raise_exception"] = refuse
    made = room.from_string(room.metered(template) if isinstance(room, metered.MeteredEnvironment) else template)
    said = [{"role": role, "content": text} for role, text in talk]
    try:
        return made.render(messages=said, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")
    except TemplateError as error:
        return f"failed: {error.message}"


@pytest.mark.parametrize("name", [*COMMON, "memos-mini", "plain"])
def test_the_templates_of_common_models_give_what_jinja_gives(name: str) -> None:
    template = {**COMMON, "memos-mini": JINJA, "plain": PLAIN}[name]
    texts = [rendered(template, talk, bounded=True) for talk in TALKS]
    assert texts == [rendered(template, talk, bounded=False) for talk in TALKS]
    assert not any("no end" in text or "too much" in text for text in texts)
    assert sum(not text.startswith("failed") for text in texts) > 0


FEW = [name for number, name in enumerate(HOSTILE) if trials(number % 6, 0) == 0]
"""Every sixth of them, or all with MEMOS_TRIALS=many."""


@pytest.mark.parametrize("name", FEW)
def test_a_template_that_means_ill_ends_soon_with_one_line(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        render(HOSTILE[name], (*SAID, ("assistant", "x"), ("user", "y")), bos="<s>", eos="</s>")
    assert time.monotonic() - started < 25
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "name", ["loops in loops", "ljust", "a width by %", "a text that doubles", "a list in a list", "a power"]
)
def test_what_has_no_end_is_told_from_what_fails(name: str) -> None:
    with pytest.raises(UnboundedTemplate, match="no end"):
        render(HOSTILE[name], SAID, bos="", eos="")
