"""Secrets of a known form: private keys from head to foot, secrets of AWS, credentials in addresses and headers."""

import pytest

from memos_cli.infra.governance.secret_forms import in_addresses, in_headers, tokens

BODY = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"


def hidden(text: str, finder: object = tokens) -> list[str]:
    return [text[start:end] for start, end in finder(text)]  # type: ignore[operator]


@pytest.mark.parametrize("between", ["\n", "\r\n", " ", "\\n", "\n> "])
def test_a_private_key_is_found_however_its_lines_are_parted(between: str) -> None:
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----{between}{BODY}{between}-----END OPENSSH PRIVATE KEY-----"
    assert hidden(f"the key: {key} keep it") == [key]
    cut = key[: key.index("-----END")].rstrip("> \r\n")
    assert BODY in hidden(f"the key: {cut}")[0]


def test_two_keys_in_one_text_are_two_and_talk_about_keys_is_none() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"
    assert hidden(f"{key}\nand\n{key}") == [key, key]
    assert hidden("between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY----- stands the key") == []
    assert hidden(f"-----BEGIN PUBLIC KEY-----\n{BODY}\n-----END PUBLIC KEY-----") == []


def test_the_secret_beside_the_id_of_a_key_of_aws_is_found_and_a_digest_is_not() -> None:
    beside = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert hidden(f"AKIAIOSFODNN7EXAMPLE {beside}") == [beside]
    assert hidden(f"AKIAIOSFODNN7EXAMPLE {'9fceb02d0a' * 4}") == []
    assert hidden(f"AKIAIOSFODNN7EXAMPLE{' and so on' * 30} {beside}") == []


def test_addresses_and_headers() -> None:
    assert hidden("postgres://app:s3cr3t@db/x and ?api_key=c81f0a2b7d4e49f3", in_addresses) == ["s3cr3t", "c81f0a2b7d4e49f3"]
    assert hidden("postgres://user:password@db/x?token=$TOKEN12", in_addresses) == []
    assert hidden('-H "Authorization: Bearer tok-abcdef1234567890abcdef"', in_headers)[0] == "tok-abcdef1234567890abcdef"
    assert hidden("Authorization: Bearer $TOKEN", in_headers) == []
    assert hidden("the bearer of bad news", in_headers) == []
