"""Calls about what is sold: tariffs and their prices."""

from __future__ import annotations

from abonent.billing.rules.book import Version
from abonent.billing.service import tariffs
from abonent.web.api.answers import TariffAnswer, VersionAnswer
from abonent.web.api.inputs import NewPrice, NewTariff
from abonent.web.api.operations import (
    ACTS,
    Asked,
    Operation,
)


async def create_tariff(asked: Asked[NewTariff]) -> TariffAnswer:
    """Put a tariff on sale."""
    given = asked.given
    tariff = await tariffs.create_tariff(
        by=asked.by,
        code=given.code,
        name=given.name,
        kind=given.kind,
        mode=given.mode,
        fee=given.fee,
        due_days=given.due_days,
        connection_fee=given.connection_fee,
        tax_code=given.tax_code,
        attributes=given.attributes,
    )
    version = tariff.versions[-1]
    return TariffAnswer(
        code=tariff.code,
        name=tariff.name,
        kind=tariff.kind,
        mode=tariff.mode.value,
        fee=version.fee,
        due_days=tariff.due_days,
        connection_fee=tariff.connection_fee,
        tax_code=given.tax_code,
        attributes=given.attributes,
        version=_version(tariff.code, version, services=0),
    )


async def add_version(asked: Asked[NewPrice]) -> VersionAnswer:
    """Set a price from a day on."""
    given = asked.given
    code = asked.path["code"]
    made = await tariffs.add_version(
        code, by=asked.by, fee=given.fee, start=given.from_, moves=given.existing == "move"
    )
    return _version(code, made.version, services=made.services)


def _version(code: str, version: Version, *, services: int) -> VersionAnswer:
    return VersionAnswer(
        id=version.id,
        tariff=code,
        fee=version.fee,
        from_=version.valid_from,
        existing="move" if version.moves else "keep",
        services=services,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/tariffs",
        name="create_tariff",
        summary="Put a tariff on sale with its first price",
        right="billing.tariff.edit",
        do=create_tariff,
        given=NewTariff,
        answer=TariffAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="POST",
        path="/tariffs/{code}/versions",
        name="add_version",
        summary="Set a price from a day on, for new services or with the existing ones",
        right="billing.tariff.edit",
        do=add_version,
        given=NewPrice,
        answer=VersionAnswer,
        refusals=ACTS,
    ),
)
