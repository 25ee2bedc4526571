"""Where the image of a variation or a refinement comes from."""

from typing import Self

from pydantic import Field, model_validator

from latentrelay.contracts.contract import MAX_DATA_URI, Contract, Id


class JobImage(Contract):
    """An image of an earlier job."""

    job_id: Id
    index: int = Field(0, strict=True, ge=0, le=7)


class ImageSource(Contract):
    """Exactly one place to take an image from."""

    upload_id: Id | None = None
    """From an upload."""
    url: str | None = Field(None, max_length=2048, repr=False)
    """Fetched at submission through the egress guard; https only."""
    job: JobImage | None = None
    """The final image of an earlier job."""
    data_uri: str | None = Field(None, max_length=MAX_DATA_URI * 4 // 3 + 128, repr=False)
    """`data:image/png;base64,...`, at most 10 MB; moved to the store at submission."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of upload_id, url, job, data_uri; got {', '.join(given) or 'none'}")
        return self
