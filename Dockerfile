# docker build -t sipkeeper . && docker run --read-only -v sipkeeper:/data -p 8080:8080 -e APP_ROOT_HOST=… sipkeeper
FROM oven/bun:1.4.5-slim AS build
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile
COPY . .
RUN bun run build

FROM debian:12-slim
RUN useradd --system --uid 10001 --home-dir /data sipkeeper && install -d -o sipkeeper -g sipkeeper -m 0750 /data
COPY --from=build /src/dist/sipkeeper /usr/local/bin/sipkeeper
USER sipkeeper
ENV DATA_DIR=/data LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/usr/local/bin/sipkeeper", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sipkeeper"]
CMD ["serve"]
