# docker build -t sipkeeper .
# docker run --read-only --tmpfs /tmp --cap-drop=ALL -p 8080:8080 -v sipkeeper:/data sipkeeper

FROM oven/bun:1.4.5 AS build
WORKDIR /source
COPY package.json bun.lock bunfig.toml ./
# Scripts of packages are for tests only.
RUN bun install --frozen-lockfile --ignore-scripts
COPY tsconfig.json ./
COPY drizzle drizzle
COPY src src
COPY scripts/build.ts scripts/build.ts
RUN bun run build && mkdir /data

FROM debian:12-slim
COPY --from=build /source/dist/sipkeeper /usr/local/bin/sipkeeper
# A new volume takes over the owner of the folder it is mounted on.
COPY --from=build --chown=65532:65532 --chmod=0700 /data /data
USER 65532:65532
WORKDIR /data
# SQLite keeps what does not fit in memory beside the database: the rest of the file system is read-only.
ENV DATA_DIR=/data LISTEN=0.0.0.0:8080 SQLITE_TMPDIR=/data HOME=/data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/usr/local/bin/sipkeeper", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sipkeeper"]
CMD ["serve"]
