# The image that plays every role: the binary, the certificates to call providers with, what reads PDFs and images beside us
# (pdfium, poppler, tesseract with its models of Japanese and English, a font with Japanese letters), and ONNX Runtime with a
# model for embeddings.
#
# The bases are arguments so that a pipeline can pass them pinned by digest. `--build-context build=DIRECTORY` puts a
# directory in the place of the build stage: one whose out/ holds a binary built elsewhere, and the certificates.
ARG BUILD_BASE=rust:1.95-bookworm
ARG RUNTIME_BASE=debian:bookworm-slim
ARG PYTHON_BASE=python:3.12-slim-bookworm

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY . .
# The cache mounts are gone when the step ends, so the step copies the binary out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin app \
    && install -D target/release/app /out/app \
    && install -m 644 /etc/ssl/certs/ca-certificates.crt /out/

FROM ${PYTHON_BASE} AS pdfium
COPY scripts/requirements/pdfium.txt /
RUN pip install --no-cache-dir --no-deps --target /wheel --requirement /pdfium.txt \
    && install -D -m 644 /wheel/pypdfium2_raw/libpdfium.so /out/libpdfium.so

FROM ${PYTHON_BASE} AS model
WORKDIR /src
COPY scripts/lib.sh scripts/model scripts/
COPY scripts/models scripts/models
COPY scripts/requirements scripts/requirements
ENV KANAME_CACHE=/cache
RUN scripts/model && mv "$(scripts/model)" /out

FROM ${RUNTIME_BASE}
LABEL org.opencontainers.image.title="kaname" org.opencontainers.image.licenses="Apache-2.0"
# The distribution's security updates must come in, so no version is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends poppler-utils poppler-data fonts-ipaexfont-gothic \
        tesseract-ocr tesseract-ocr-eng tesseract-ocr-jpn tesseract-ocr-jpn-vert \
    && rm -rf /var/lib/apt/lists/*
# The data directory exists in the image so that a volume mounted there belongs to the user the process runs as.
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin kaname \
    && install -d -o kaname -g kaname /var/lib/kaname/data
COPY --from=build /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=pdfium /out/libpdfium.so /usr/local/lib/libpdfium.so
COPY --from=model /out /usr/local/share/kaname/models
COPY --from=build /out/app /usr/local/bin/app
WORKDIR /var/lib/kaname
USER 1000
ENV APP_SERVER__BIND=0.0.0.0 APP_INFERENCE__MODELS=/usr/local/share/kaname/models
EXPOSE 8080
# The binary is its own probe: no shell, no curl. Probing often at first makes a start visible as soon as it is done.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=0.25s --retries=3 CMD ["app", "health"]
ENTRYPOINT ["app"]
