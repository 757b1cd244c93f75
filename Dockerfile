# The course in one image: its cloud beside LocalStack, JupyterLab and the built book. docker-compose.yml starts them.
# bubblewrap needs user namespaces, which Docker's default profile forbids: builds then run as plain processes of this
# container, with the same variables and tools. `docker compose exec engine cicdlab doctor` says which it is.
FROM python:3.11.14-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap git unzip zip \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 learner \
    && mkdir /course /workspace \
    && chown learner:learner /course /workspace

ENV PATH=/course/.venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

USER learner
WORKDIR /course

# The locked packages change rarely, the course often: this layer stays.
COPY --chown=learner:learner requirements.txt ./
RUN python -m venv .venv && pip install --requirement requirements.txt

COPY --chown=learner:learner . .
RUN pip install --no-deps --no-build-isolation --editable . \
    && python -c 'from cicdlab.lab import kernel; kernel.install()' \
    && jupyter-book build -q .

VOLUME /workspace
CMD ["cicdlab", "--help"]
