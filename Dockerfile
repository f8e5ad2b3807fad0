# Two stages: the first builds the wheel and its environment, the last holds only Python and that environment.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/claimwire && /opt/claimwire/bin/pip install --no-cache-dir uv
COPY requirements.lock requirements-postgres.lock ./
RUN /opt/claimwire/bin/uv pip install --python /opt/claimwire/bin/python --require-hashes -r requirements.lock -r requirements-postgres.lock
COPY pyproject.toml README.md LICENSE ./
COPY edi edi
COPY adapters adapters
COPY gateway gateway
COPY schemas schemas
COPY samples samples
RUN /opt/claimwire/bin/uv build --wheel --out-dir dist . \
 && /opt/claimwire/bin/uv pip install --python /opt/claimwire/bin/python --no-deps dist/*.whl \
 && /opt/claimwire/bin/uv pip uninstall --python /opt/claimwire/bin/python uv pip

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="claimwire" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --create-home --home-dir /var/lib/claimwire --uid 10001 claimwire
COPY --from=build /opt/claimwire /opt/claimwire
ENV PATH=/opt/claimwire/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CLAIMWIRE_HOME=/var/lib/claimwire
USER claimwire
VOLUME /var/lib/claimwire
EXPOSE 8437
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8437/readyz', timeout=2)"]
ENTRYPOINT ["claimwire"]
CMD ["serve", "--host", "0.0.0.0"]
