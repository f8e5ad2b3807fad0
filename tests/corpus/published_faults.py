"""Files that their origin calls valid and that we refuse: every finding that stops them, and why."""

from __future__ import annotations

RETIRED = ("group.version_4010",)
FOUR = (RETIRED, "version 004010, retired on 2012-01-01")

#: File name -> (code and place of every stopping finding, the reason).
FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    # --- 270 and 271, 005010X279A1
    "imsweb__x12-parser--8f07ed--x271.txt": (
        (
            "group.version_4010",
            "interchange.control_number_mismatch",
            "set.segment_count",
        ),
        "a made-up envelope: versions 00401 and 004010, IEA02 and SE01 wrong",
    ),
    # --- 275
    "xlate__staedi--0c530f--sample275_with_HL7_valid_BIN01.edi": (
        ("guide.unknown",),
        "of 005010X211 (services review), which HIPAA has not adopted and which we do not hold",
    ),
    # --- 277, 005010X212
    "cosyte__x12--9111a9--277.edi": (
        ("element.not_used 2200D/STC03",),
        "STC03 (action code) belongs to the claim acknowledgment 005010X214 and is not used in 005010X212",
    ),
    "kputnam__stupidedi--a60367--1.era": (
        ("interchange.control_number_mismatch",),
        "ISA13 and IEA02 differ",
    ),
    # --- 278, 005010X217
    "kputnam__stupidedi--72ecb0--request-for-non-emergency-transportation.edi": (
        ("hierarchy.parent_wrong 2000F/HL02",),
        "the second and third service levels name the service level before them as parent, whose HL04 is 0",
    ),
    # --- 834
    "azoner__pyx12--07a3e9--834_lui_id.txt": (
        RETIRED,
        "version 004010, retired on 2012-01-01",
    ),
    # --- 837I, 005010X223A2
    "LinuxForHealth__x12--b2f677--demo.837i": (
        ("element.not_used 2300/CLM06", "element.bad_code 2300/DTP[434]02"),
        "CLM06 is not used; 2300 DTP[434] is a range (RD8)",
    ),
    "LinuxForHealth__x12--b87c23--institutional-ppo-repriced.837": FOUR,
    "LinuxForHealth__x12--736ed6--institutional.837": FOUR,
    "LinuxForHealth__x12--d3c9f5--out-of-network-repriced-claim.837i": (
        ("element.not_used 2300/CLM06",),
        "CLM06 is not used (that ISA16 says : while composites are written with > is forgiven)",
    ),
    "LinuxForHealth__x12--856cef--two-claims-single-provider.837i": (
        ("element.not_used 2300/CLM06",),
        "CLM06 is not used",
    ),
    "kputnam__stupidedi--75b67b--837-institutional-claim.edi": (
        ("element.bad_date 2300/DTP[434]03",),
        "RD8 is a range, one day is written twice",
    ),
}
