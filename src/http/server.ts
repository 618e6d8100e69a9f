import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import type { Address } from '../config/kinds.ts'
import type { Front } from './front.ts'

/**
 * Whoever reads a body counts it. Bun hands a request over before its body has come, stops reading when nobody does,
 * and drops what is left after the reply; its own limit would only add a 413 without a body.
 */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

const IDLE_SECONDS = 60

const where = (address: Address) =>
  address.kind === 'unix' ? { unix: address.path } : { hostname: address.host, port: address.port }

/** Accepts connections on `LISTEN`; with a certificate over TLS, as HTTP/1.1 and HTTP/2. */
export const listen = (config: Config, front: Front) => {
  const { TLS_CERT: certificate, TLS_KEY: key } = config
  return Bun.serve({
    ...where(config.LISTEN),
    maxRequestBodySize: NO_LIMIT,
    idleTimeout: IDLE_SECONDS,
    development: false,
    ...(certificate === null || key === null
      ? {}
      : { tls: { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }, http2: true }),
    fetch: (request: Request, server: Bun.Server<undefined>) => front.fetch(request, server),
  } as Bun.Serve.Options<undefined>)
}

/** Prometheus' text on `METRICS_LISTEN`, for whoever can reach it. */
export const listenForMetrics = (address: Address, text: () => Promise<string>) =>
  Bun.serve({
    ...where(address),
    fetch: async () => new Response(await text(), { headers: { 'content-type': 'text/plain; version=0.0.4' } }),
  } as Bun.Serve.Options<undefined>)
