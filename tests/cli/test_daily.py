"""What a person's first weeks at a shell asked for, each line with what shows that it is so.

The table names the tests that stand elsewhere; a line that none of them tries word for word is tried below.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.cli.helpers import jsonl, on_terminal
from tests.conftest import ROOT, Run

HERE = "cli/test_daily.py"
SHOWN_BY: dict[str, tuple[str, ...]] = {
    "`edit ID --ttl none`, `--valid-to ''`: what was set by mistake comes off": (
        "cli/test_header_options.py::test_a_time_to_live_is_taken_off",
        "cli/test_header_options.py::test_a_time_that_is_nothing_takes_it_off",
        "cli/test_header_options.py::test_a_field_is_set_by_add_set_by_edit_cleared_shown_and_undone",
    ),
    "`show` has priority, confidence, trust and uses; metadata is JSON": (f"{HERE}::test_show_tells_the_whole_header",),
    "a label by hand, and a filter for labels": (
        "cli/commands/test_label.py::test_a_label_by_hand_masks_is_listed_and_is_taken_off",
        "cli/test_header_options.py::test_tags_and_labels_filter_every_command_that_takes_filters",
    ),
    "cards, codes, accounts, credentials and passwords are masked": (
        f"{HERE}::test_what_is_secret_in_a_note_is_never_shown",
        "infra/governance/test_secrets.py::test_two_hundred_secrets_are_found_and_ordinary_lines_left_alone",
        "infra/governance/test_secrets.py::test_a_mask_tells_neither_the_length_nor_the_beginning_nor_the_end",
    ),
    "a private key that is taken for an option is masked, with the way out": (
        "cli/test_header_options.py::test_a_text_that_is_taken_for_an_option_is_masked_in_the_error_that_shows_the_way_out",
    ),
    "exports, transcripts, JSON, subtitles, e-mail, tables and PDF are refused by what they are": (
        "cli/commands/test_add_files.py::test_what_no_reader_takes_is_refused_with_what_it_is",
        "interface/sources/test_recognition.py::test_what_no_reader_takes_is_named",
        f"{HERE}::test_a_pdf_is_not_taken_for_text_in_another_encoding",
    ),
    "`--file notes/`, `--file A B`, `add notes/beds.md`": (
        "cli/commands/test_add_files.py::test_a_folder_is_read_and_the_others_counted_and_told",
        "cli/commands/test_add_files.py::test_several_files_are_one_step",
        "cli/commands/test_add_files.py::test_a_text_that_is_a_path_is_asked_about_on_a_terminal",
        "cli/commands/test_add_files.py::test_a_text_that_is_a_path_is_stored_with_a_notice_where_nobody_can_be_asked",
    ),
    "`undo 3` takes nothing back, `undo -n 2` two, `--list` shows words": (
        "cli/commands/test_history.py::test_the_beginning_of_an_id_needs_four_characters",
        "cli/commands/test_history.py::test_several_commands_are_taken_back_in_one_transaction_and_made_again_by_its_id",
        "cli/commands/test_history.py::test_undo_lists_the_first_words_of_what_changed_on_one_line_each",
    ),
    "the cube in use is removed, and every later command works": (
        "cli/commands/test_cube.py::test_removing_the_cube_in_use_falls_back_to_the_default_cube_and_says_so",
        "cli/commands/test_cube.py::test_where_there_is_no_default_cube_every_command_works_all_the_same",
    ),
    "`list --tag nosuch` in a full cube names the tag": ("cli/test_nothing.py::test_a_filter_that_nothing_passes_is_named",),
    "`completion install` says which line is missing": (
        "cli/commands/test_completion.py::test_it_says_which_line_is_missing_and_writes_it_when_it_may",
    ),
    "`man install`, then `man memos`, with the line that is missing": (
        "cli/commands/test_manual.py::test_the_line_that_is_missing_is_told_and_mends_it",
    ),
    "completion knows ids, cubes, tags, views, tasks, snapshots, settings": (
        "cli/test_completions.py::test_every_parameter_that_takes_a_name_completes_it",
        "cli/test_completions.py::test_a_name_is_completed",
        "cli/test_completions.py::test_views_snapshots_commands_and_questions_are_completed",
        "cli/test_shells.py::test_what_a_tab_completes_is_what_memos_gets",
    ),
    "the chain of `lifecycle run --help` archives old shopping lists alone, and its dry run names them": (
        "cli/commands/test_lifecycle.py::test_the_chain_of_the_help_touches_nothing_of_a_strangers_but_old_shopping_lists",
    ),
    "no line breaks within a word": (
        "cli/test_wrapping.py::test_no_line_of_a_page_is_wider_and_no_word_is_broken",
        "cli/test_wrapping.py::test_a_cell_of_a_table_breaks_no_word",
    ),
    "`list` shows the date that it is in the order of": (f"{HERE}::test_a_list_shows_the_dates_that_it_is_in_the_order_of",),
    "thousands of lines go into a pager": (
        "cli/test_pager.py::test_only_what_does_not_fit_is_paged",
        "cli/test_pager.py::test_who_leaves_the_pager_early_hears_nothing",
    ),
    "a progress bar and what is said under it do not run together": (
        "cli/test_progress.py::test_what_is_said_meanwhile_stands_above_the_bar",
    ),
    "`list >&-` prints no traceback": ("cli/test_closed.py::test_a_stream_that_is_closed_changes_no_status",),
    "`import`, `export`, `delete`, `rm` point to what does it here": (
        f"{HERE}::test_a_command_of_another_tool_names_those_that_do_it",
        "cli/test_near_names.py::test_a_command_of_another_tool_points_to_ours",
    ),
}


@pytest.mark.parametrize("line", SHOWN_BY)
def test_what_shows_a_line_is_there(line: str) -> None:
    for place in SHOWN_BY[line]:
        path, _, name = place.partition("::")
        tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, place


def test_show_tells_the_whole_header(memos: Run) -> None:
    memos("add", "rent is due", "--external-id", "rent", "--priority", "3", "--confidence", "0.5", "--trust", "0.4",
          "--metadata", '{"a": 1, "b": {"c": [1, null]}}')  # fmt: skip
    rows = dict(re.findall(r"^ *(\w[\w ]*?)  (\S.*)$", memos("show", "rent").out, re.MULTILINE))
    assert [rows[name] for name in ("priority", "confidence", "trust", "used")] == ["3", "0.5", "0.4", "never"]
    assert rows["metadata"] == '{"a": 1, "b": {"c": [1, null]}}'


@pytest.mark.parametrize(
    ("text", "secrets", "stays"),
    [
        ("card 4111 1111 1111 1111 exp 09/28 cvv 123", ("4111", "1111", "09/28", "123"), "card"),
        ("aws AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ("AKIA", "wJalr", "EXAMPLEKEY"), "aws"),
        ("IBAN NL91 ABNA 0417 1643 00", ("NL91", "0417", "1643"), "IBAN"),
        ("wifi: kingfisher / pw Tr00s-0ma-1942!", ("Tr00s", "1942", "Tr•", "!"), "kingfisher"),
        ("The key safe opens with the code 4471", ("4471",), "The key safe opens with the code"),
        ("Authorization: Bearer tok-abcdef1234567890abcdef", ("tok-", "abcdef"), "Authorization"),
        ("pw: trustno1", ("trustno1",), "pw"),
    ],
)
def test_what_is_secret_in_a_note_is_never_shown(memos: Run, text: str, secrets: tuple[str, ...], stays: str) -> None:
    shown = [memos("add", text, "--external-id", "it")]
    shown += [
        memos(*command) for command in (["list"], ["show", "it"], ["list", "--json"], ["undo", "--list"], ["history", "it"])
    ]
    for ran in shown:
        assert ran.status == 0
        assert stays in ran.out
        assert "•••••" in ran.out
        assert [one for one in secrets if one in ran.out.split('"id"')[0] + ran.err] == []
    assert text in memos("show", "it", "--reveal").out


def test_a_pdf_is_not_taken_for_text_in_another_encoding(memos: Run) -> None:
    Path("x.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n\xff\xfe\x00")
    ran = memos("add", "--file", "x.pdf")
    assert ran.status == 2
    assert "a PDF document" in ran.err
    assert "cannot be converted" in ran.err
    assert "iconv" not in ran.err


def test_a_list_shows_the_dates_that_it_is_in_the_order_of(memos: Run) -> None:
    dated = {"soon": "2030-05-01", "long ago": "1999-01-01", "later": "2031-01-01"}
    memos("add", "--jsonl", "-", stdin=jsonl(*({"content": text, "occurred_at": day} for text, day in dated.items())))

    def dates(*more: str) -> list[str]:
        _, shown = on_terminal(["--no-color", "list", *more], size=(50, 80))
        return re.findall(r"\d{4}-\d\d-\d\d", "\n".join(line.split("  ")[1] for line in shown.splitlines() if "  " in line))

    assert len(set(dates())) == 1, "all were recorded today"
    assert dates("--order", "occurred") == sorted(dated.values())


@pytest.mark.parametrize(
    ("typed", "ours"),
    [
        ("delete", ("memos forget ID", "memos undo", "memos cube rm NAME")),
        ("rm", ("memos forget ID", "memos undo", "memos cube rm NAME")),
    ],
)
def test_a_command_of_another_tool_names_those_that_do_it(memos: Run, typed: str, ours: tuple[str, ...]) -> None:
    ran = memos(typed, "x")
    assert ran.status == 2
    assert all(one in ran.err for one in ours)
