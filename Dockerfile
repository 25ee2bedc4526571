# docker build --target gateway|webhooks|stage|store .    (docs/containers.md)
# What is installed comes before the code, so that a change of code moves megabytes and not gigabytes.

ARG BASE=debian:bookworm-slim
# what things are built in: where a registry wants certificates or a pip.conf, an image that has them
ARG BUILDER=debian:bookworm-slim
# the last one that was published: docs/containers.md
ARG STORE=minio/minio:RELEASE.2025-09-07T16-13-09Z

FROM ${BASE} AS python
# tini: process 1 cannot be killed from within, and a worker that is stuck is killed by its pool process
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/doc/* /usr/share/man/* \
 && useradd --uid 65532 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin latentrelay
ENV PATH=/venv/bin:/app/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--"]

FROM ${BUILDER} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
RUN python3 -m venv --without-pip /venv && python3 -m venv /tools && mkdir /empty
WORKDIR /src
COPY constraints.txt ./
RUN /tools/bin/pip install --constraint constraints.txt pip setuptools
COPY infra/docker/requirements.py shared/pyproject.toml ./

FROM build AS light-packages
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 requirements.py pyproject.toml gateway webhooks tracing > light.txt \
 && /tools/bin/pip --python /venv install --constraint constraints.txt --requirement light.txt \
 && rm -rf /venv/lib/python3*/site-packages/Crypto/SelfTest

FROM build AS stage-packages
# PyPI's torch comes with CUDA; https://download.pytorch.org/whl/cpu has the one without
ARG TORCH_INDEX=
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 requirements.py pyproject.toml stages tracing > stages.txt \
 && /tools/bin/pip --python /venv install --constraint constraints.txt --requirement stages.txt \
    ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"}

FROM build AS code
COPY shared /src/shared
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /built /src/shared \
 && /tools/bin/pip --python /venv install --no-deps --target /app /built/*.whl

FROM python AS light
COPY --from=light-packages /venv /venv
COPY --from=code /app /app
COPY infra/docker/health.py /usr/bin/health
COPY services/__init__.py services/

FROM light AS gateway
COPY services/gateway services/gateway
ENV LATENTRELAY_GATEWAY_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["health", "gateway"]
CMD ["python3", "-m", "services.gateway"]

FROM light AS webhooks
COPY services/webhooks services/webhooks
ENV LATENTRELAY_WEBHOOK_METRICS_HOST=0.0.0.0
EXPOSE 9101
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["health", "webhooks"]
CMD ["python3", "-m", "services.webhooks"]

FROM python AS stage
COPY --from=stage-packages /venv /venv
COPY --from=code /app /app
COPY services/__init__.py services/
COPY services/diffusion services/diffusion
COPY services/sdxl_base services/sdxl_base
COPY services/sdxl_refiner services/sdxl_refiner
COPY services/unclip_variation services/unclip_variation
# weights that come from a hub stay in the volume that is mounted here
COPY --from=build --chown=65532:65532 /empty /cache
COPY --from=build --chown=65532:65532 /empty /gpus
COPY infra/docker/health.py /usr/bin/health
COPY infra/docker/stage.sh /usr/bin/stage
ENV HF_HOME=/cache \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    LATENTRELAY_WORKER_METRICS_HOST=0.0.0.0 \
    LATENTRELAY_WORKER_PULSE=/tmp/worker.json
# loading a model is no fault, however long it takes: half an hour where it is fetched first
HEALTHCHECK --interval=15s --timeout=10s --start-period=30m CMD ["health", "worker"]
CMD ["stage", "sdxl_base"]

FROM ${STORE} AS store
COPY --from=build --chown=65532:65532 /empty /store
USER 65532:65532
