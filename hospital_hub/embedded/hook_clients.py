"""The demonstration EMR as a client of the hub's CDS Hooks services: the file that HUB_CDS_CLIENTS names."""

from pathlib import Path


def keep_registration(file: Path, *, emr: str) -> Path:
    """`emr` is its origin. It calls from its server, never from a browser, so no origin of pages is registered."""
    file.write_text(
        "[[client]]\n"
        'name = "demonstration-emr"\n'
        f'issuer = "{emr}"\n'
        f'jwks_url = "{emr}/auth/jwks"\n'
        f'fhir_server = "{emr}/fhir"\n'
        'language = "zh-CN"\n'
        "token_seconds = 60\n",
        encoding="utf-8",
    )
    return file
