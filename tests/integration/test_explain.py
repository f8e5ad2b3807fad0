"""`claimwire explain`: a page that is whole, escaped and accessible; text that is chosen and hidden."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html

from gateway.cli.explaining import READABLE
from tests.cli import PAID, REFUSED, SAMPLES, claimwire

RULES = re.compile(r"([^{}]+)\{([^{}]*)\}")


def two_claims() -> bytes:
    """Two clean claims and one with five errors."""
    places = [PAID, SAMPLES / "patient_responsibility", SAMPLES / "refused_amounts_dates_and_codes"]
    return json.dumps([json.loads((place / "claim.json").read_text()) for place in places]).encode()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> html.HtmlElement:
    place = tmp_path_factory.mktemp("page") / "page.html"
    ran = claimwire("explain", "-", "--html", place, stdin=two_claims())
    assert (ran.status, ran.out, ran.err) == (1, "", "")
    return html.fromstring(place.read_bytes())


def test_the_page_loads_nothing_and_forbids_itself_to(page: html.HtmlElement) -> None:
    assert page.xpath("//link | //img | //iframe | //*[@src] | //*[starts-with(@href, 'http')]") == []
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy
    (style,) = page.xpath("//style")
    assert "url(" not in style.text and "@import" not in style.text


def test_every_anchor_leads_to_a_place_of_the_page_and_no_id_stands_twice(page: html.HtmlElement) -> None:
    ids = Counter(page.xpath("//@id"))
    assert [name for name, count in ids.items() if count > 1] == []
    assert [target for target in page.xpath("//a/@href") if target.removeprefix("#") not in ids] == []


def test_contents_lead_to_each_claim_and_the_list_to_each_finding(page: html.HtmlElement) -> None:
    assert page.xpath("//table[@class='contents']//a/@href") == ["#unit-1", "#unit-2", "#unit-3"]
    assert len(page.xpath("//details[contains(@class, ' page')]")) == 3
    listed = page.xpath("//ol[@class='findings']//a/@href")
    assert len(listed) == len(page.xpath("//div[contains(@class, 'finding ')]")) == 5


def test_headings_tables_and_controls_say_what_they_are(page: html.HtmlElement) -> None:
    levels = [int(tag.tag[1]) for tag in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.xpath("//table[not(.//th)]") == []
    assert page.xpath("//th[not(@scope)]") == []
    assert (
        page.xpath("//main[1]") and page.xpath("//nav[@aria-label]") and page.xpath("/html/@lang") == ["en"]
    )
    assert page.xpath("//summary[not(h2 or h3 or h4 or h5 or h6)]") == []
    assert page.xpath("//button[not(normalize-space())]") == []


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_stands_out_from_its_ground_in_light_and_in_dark(page: html.HtmlElement) -> None:
    (style,) = page.xpath("//style")
    blocks = [body for head, body in RULES.findall(style.text) if head.strip().endswith(":root")][:2]
    light, dark = (dict(re.findall(r"--(\w[\w-]*): (#\w{6})", block)) for block in blocks)
    assert len(light) == len(dark)
    for colours in (light, dark):
        pairs = [(ink, ground) for ink in ("ink", "soft", "link", "loop") for ground in ("paper", "ground")]
        pairs += [(ink, f"{ink}-ground") for ink in ("error", "warning", "info", "good")]
        pairs += [(ink, ground) for ink in ("ink", "soft") for ground in ("error-ground", "warning-ground")]
        pairs += [("soft", "faint"), ("soft", "info-ground"), ("value", "paper")]
        for ink, ground in pairs:
            bright, dim = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (ink, ground)


def test_a_value_of_the_file_is_text_on_the_page_and_never_markup(tmp_path: Path) -> None:
    content = (PAID / "claim.x12").read_bytes().replace(b"*Odalys*", b"*<script>x(1)</script>*")
    ran = claimwire("explain", "-", "--html", tmp_path / "page.html", stdin=content)
    assert ran.err == ""
    page = html.fromstring((tmp_path / "page.html").read_bytes())
    assert len(page.xpath("//script")) == 1
    assert any("<script>x(1)</script>" in cell.text_content() for cell in page.xpath("//td"))


def test_a_redacted_page_is_one_and_tells_nobody(tmp_path: Path) -> None:
    ran = claimwire("explain", PAID / "claim.x12", "--redact", "--html", tmp_path / "page.html")
    assert ran.status == 0
    text = (tmp_path / "page.html").read_text()
    posted = json.loads((PAID / "claim.json").read_text())
    for private in (*posted["subscriber"].values(), posted["claimInformation"]["patientControlNumber"]):
        assert not isinstance(private, str) or len(private) < 4 or private not in text
    assert "people left out" in text


def test_one_claim_or_only_findings_are_shown_where_they_are_asked_for() -> None:
    one = claimwire("explain", "-", "--claim", "2", stdin=two_claims())
    assert (one.status, "shown: claim 2 of 3\n" in one.out) == (1, True)
    assert one.out.count(" CLM Claim Information ") == 1
    alone = claimwire("explain", "-", "--only-findings", stdin=two_claims())
    assert alone.out.count(" CLM Claim Information ") == 1
    assert "BHT" not in alone.out
    none = claimwire("explain", "-", "--claim", "4", stdin=two_claims())
    assert (none.status, none.out) == (2, "")
    assert none.err == "claimwire: -: there is no claim 4; they are numbered 1 to 3\n"


def test_a_page_of_many_claims_holds_the_first_and_says_how_to_see_the_others(tmp_path: Path) -> None:
    claims = json.loads(two_claims())
    many = json.dumps([claims[number % 3] for number in range(READABLE + 40)]).encode()
    page = tmp_path / "page.html"
    assert claimwire("explain", "-", "--html", page, stdin=many).status == 1
    text = page.read_text()
    assert text.count("data-unit=") == READABLE
    assert "Not on this page: 40 claims with 70 findings. <code>--from 201</code> writes the next" in text
    assert claimwire("explain", "-", "--html", page, "--from", "201", "--first", "5", stdin=many).status == 1
    text = page.read_text()
    assert [f'id="unit-{number}"' in text for number in (200, 201, 205, 206)] == [False, True, True, False]
    assert "claims 201 to 205 of 240" in text
    piped = claimwire("explain", "-", "--from", "240", stdin=many)
    assert "shown: claim 240 of 240\n" in piped.out
    assert "not shown: 239 claims with 395 findings\n" in piped.out


def test_json_of_an_outline_holds_what_the_text_shows() -> None:
    ran = claimwire("explain", REFUSED / "claim.json", "--json")
    assert ran.status == 1
    assert (ran.json["verdict"], ran.json["units"][0]["errors"]) == ("refused", 4)
    assert [section["id"] for section in ran.json["sections"]] == ["837"]


def test_a_terminal_of_any_width_gets_whole_lines() -> None:
    seen = []
    for width in (60, 100):
        terminal = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "NO_COLOR": "1"}
        ran = claimwire("explain", REFUSED / "claim.json", "--width", str(width), "--no-pager", **terminal)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).splitlines()
        assert max(map(len, lines)) <= width
        seen.append(" ".join(" ".join(lines).split()))
    assert all("→ Look the NPI up in NPPES and correct it." in text for text in seen)


def test_what_cannot_be_read_is_told_in_one_line() -> None:
    for content in (b"", b"hello", b'{"a": '):
        ran = claimwire("explain", "-", stdin=content)
        assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
