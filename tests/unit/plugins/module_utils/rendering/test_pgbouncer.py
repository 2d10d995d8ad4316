# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PgBouncer's auth_file, and the verifiers in it."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.scram import derived_verifier, is_verifier, is_verifier_of
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import generate_password

FORMAT = FORMATS["pgbouncer_userlist"]
OURS = "R4nd0mLettersAndDigits1234567890abcdefgh"
#: RFC 7677, section 3: the password is pencil, the salt W22ZaJ0SNY7soEsUEjb6gQ==; from its exchange follow these two keys.
PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def render(existing: str, user: str = "orders_blue", password: str = OURS) -> str:
    return FORMAT.render(existing, {"user": user, "password": password}, Place(title="orders-db"), lambda part: False)


def line(user: str = "orders_blue", password: str = OURS) -> str:
    return f'"{user}" "{derived_verifier(user, password)}"'


class TestVerifiers:
    def test_the_published_example(self) -> None:
        assert is_verifier_of(PENCIL, "pencil")
        assert not is_verifier_of(PENCIL, "pencils")

    def test_one_of_ours_is_the_same_everywhere_and_is_of_its_password(self) -> None:
        verifier = derived_verifier("orders", OURS)
        assert verifier is not None and verifier == derived_verifier("orders", OURS)
        assert is_verifier(verifier) and is_verifier_of(verifier, OURS)
        assert OURS not in verifier

    def test_roles_and_passwords_have_salts_of_their_own(self) -> None:
        salts = {
            str(derived_verifier(role, password)).split(":")[1].split("$")[0]
            for role in ("one", "other")
            for password in (OURS, OURS[::-1])
        }
        assert len(salts) == 4

    def test_what_is_generated_is_derived(self) -> None:
        assert derived_verifier("orders", generate_password(20)) is not None

    @pytest.mark.parametrize("password", ["", "pencil", "correct horse battery staple", "nineteen19nineteen1", OURS + "ä"])
    def test_passwords_of_people_get_no_derived_salt(self, password: str) -> None:
        assert derived_verifier("orders", password) is None

    @pytest.mark.parametrize("text", ["", "SCRAM-SHA-256$", PENCIL[:-1], PENCIL + "=", "md5" + "0" * 32])
    def test_what_is_not_quite_one(self, text: str) -> None:
        assert not is_verifier(text)
        assert not is_verifier_of(text, "pencil")

    def test_a_damaged_salt_matches_nothing(self) -> None:
        assert not is_verifier_of(PENCIL.replace("W22ZaJ0SNY7soEsUEjb6gQ==", "W22Z=J0SNY7soEsUEjb6gQ"), "pencil")


class TestFile:
    def test_a_new_file(self) -> None:
        assert render("") == line() + "\n"

    def test_others_stay_to_the_byte(self) -> None:
        before = '; by hand\n"admin"   "secret"  rest\n\n"orders_green" "md5abc"\n'
        assert render(before) == before + line() + "\n"
        assert render(before.rstrip("\n")) == before + line() + "\n"

    def test_the_line_is_replaced_where_it_stands_and_its_doubles_go(self) -> None:
        before = f'"a" "1"\n{line(password=OURS[::-1])}\n"b" "2"\n"orders_blue" "double"\n'
        assert render(before) == f'"a" "1"\n{line()}\n"b" "2"\n'

    def test_the_role_of_before_keeps_its_line(self) -> None:
        before = line("orders_green", OURS[::-1]) + "\n"
        assert render(before) == before + line() + "\n"

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_line_ends_stay(self, ending: str) -> None:
        before = f'"orders_blue" "old"{ending}"b" "2"{ending}'
        assert render(before) == f'{line()}{ending}"b" "2"{ending}'

    def test_rendering_twice_is_rendering_once(self) -> None:
        once = render('"a" "1"\n')
        assert render(once) == once

    def test_a_right_line_of_somebody_else_stays(self) -> None:
        md5 = "md5" + hashlib.md5(b"pencilapp").hexdigest()
        for secret in (PENCIL, "pencil", md5):
            before = f'"app" "{secret}"\n"b" "2"\n'
            assert render(before, "app", "pencil") == before

    def test_a_password_of_somebody_else_without_a_right_line_is_refused(self) -> None:
        for before in ("", f'"app" "{PENCIL}"\n', '"app" "md5' + "0" * 32 + '"\n'):
            with pytest.raises(Rejected) as refused:
                render(before, "app", "a-persons-own")
            assert "a-persons-own" not in str(refused.value)

    def test_quotes_are_doubled(self) -> None:
        text = render('"o""reilly" "x"\n', 'o"reilly')
        assert text.startswith('"o""reilly" "SCRAM-SHA-256$')
        assert text.count("\n") == 1

    def test_our_part_is_our_line(self) -> None:
        values = {"user": "orders_blue", "password": OURS}
        text = render('"a" "1"\n; comment\n')
        assert FORMAT.written(text, values, Place()) == line()
        assert FORMAT.parts(text, ["user", "password"], Place()) == ['"a" "1"', line()]

    @pytest.mark.parametrize("user", ["", "new\nline", "x" * 128])
    def test_names_that_cannot_be_written(self, user: str) -> None:
        with pytest.raises(Rejected):
            render("", user)

    def test_the_fields_are_user_and_password(self) -> None:
        with pytest.raises(Rejected):
            FORMAT.render("", {"name": "x", "password": "y"}, Place(), lambda part: False)
