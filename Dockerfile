# Builds two images:
#   docker build .                       the API: only api/, triptych.store and their dependencies
#   docker build --target pipelines .    the whole project: Kedro, MLflow, TensorFlow
#     … --build-arg LOCK=batch           the same without neural networks, a third of the size
# The base image is pinned by tag, so that rebuilding applies Debian's security fixes. Python
# packages are pinned by hash in requirements/.
FROM python:3.11-slim AS python
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PATH=/opt/venv/bin:$PATH
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin triptych
WORKDIR /app


# Dependencies have their own layers: a code change reinstalls nothing.
FROM python AS api-dependencies
COPY requirements/api.lock /tmp/
RUN python3 -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps -r /tmp/api.lock

FROM python AS pipelines-dependencies
ARG LOCK=all
COPY requirements/${LOCK}.lock /tmp/pipelines.lock
RUN python3 -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps -r /tmp/pipelines.lock


# Code is compiled here, because the file system is read-only at run time.
FROM python AS api-code
COPY src/triptych/__init__.py triptych/
COPY src/triptych/store triptych/store
COPY api api
RUN python3 -m compileall -q api triptych

FROM python AS pipelines-code
COPY pyproject.toml README.md .telemetry ./
COPY conf conf
COPY src src
# Kedro-Viz writes run events to .viz.
RUN python3 -m compileall -q src \
    && mkdir -p conf/local \
    && install -d -o triptych -g triptych data mlflow \
    && ln -s /tmp .viz


FROM python AS pipelines
# LightGBM's wheel needs the system's OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=pipelines-dependencies /opt/venv /opt/venv
COPY --from=pipelines-code /app /app
RUN pip --python /opt/venv/bin/python install --quiet --no-deps --no-build-isolation --editable .
ENV KEDRO_DISABLE_TELEMETRY=1 \
    DO_NOT_TRACK=1 \
    GIT_PYTHON_REFRESH=quiet \
    MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
ENTRYPOINT ["kedro"]
CMD ["run"]
ARG TRIPTYCH_VERSION=0.0.0
ENV TRIPTYCH_VERSION=$TRIPTYCH_VERSION
LABEL org.opencontainers.image.title="Triptych pipelines" \
      org.opencontainers.image.description="The Kedro project: trains, compares, forecasts." \
      org.opencontainers.image.version=$TRIPTYCH_VERSION \
      org.opencontainers.image.revision=$TRIPTYCH_VERSION


# Default target: the last stage.
FROM python AS api
COPY --from=api-dependencies /opt/venv /opt/venv
COPY --from=api-code /app /app
ENV PYTHONPATH=/app \
    UVICORN_HOST=0.0.0.0 \
    PORT=8000
USER 10001:10001
EXPOSE 8000
# Liveness only: restarting the API does not repair a database.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]
CMD ["python", "-m", "api"]
ARG TRIPTYCH_VERSION=0.0.0
ENV TRIPTYCH_VERSION=$TRIPTYCH_VERSION
LABEL org.opencontainers.image.title="Triptych API" \
      org.opencontainers.image.description="Stored temperature predictions over HTTP, read only." \
      org.opencontainers.image.version=$TRIPTYCH_VERSION \
      org.opencontainers.image.revision=$TRIPTYCH_VERSION
