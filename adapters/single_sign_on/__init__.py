"""Đăng nhập một lần: VNConnect, VNeID."""

from __future__ import annotations

from adapters.single_sign_on.adapter import SsoAdapter
from adapters.single_sign_on.settings import SsoSettings
from bus.adapter import Partner

ADAPTER = Partner(
    name="single_sign_on",
    title_vi="Đăng nhập một lần (VNConnect, VNeID)",
    title_en="Single sign-on with the national portal and VNeID",
    operations=(),
    settings=SsoSettings,
    open=SsoAdapter,
    assumed=(
        "addresses of the endpoints are those of WSO2 Identity Server; the providers' own come with the client's registration",
        "loAs of VNConnect holds the levels of assurance; the highest counts",
        "accountType of VNeID: 1 a person, 2 an organisation",
        "VNConnect honours prompt=none for vnconnect=1 (OpenID Connect Core, 3.1.2.1)",
        "a VNeID account without TechID is known by its personal id",
    ),
)

__all__ = ["ADAPTER"]
