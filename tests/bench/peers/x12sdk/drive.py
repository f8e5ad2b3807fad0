"""x12sdk: `X12ModelReader` gives a validated pydantic model for each transaction set; that as JSON."""

from x12sdk.io import X12ModelReader

from tests.bench.timing import run


def read_models(path: str) -> object:
    claims = written = 0
    with X12ModelReader(path) as reader:
        for model in reader.models():
            written += len(model.model_dump_json(exclude_unset=True))
            claims += sum(1 for _ in model.claims())
    return {"claims": claims, "characters": written}


run({"json": read_models})
